import { expect, test } from 'vitest';
import type { ObjectStore } from '../../src/model/ports.ts';

/** What the state relies on, wherever it is kept. `open` gives a place with nothing in it. */
export function behavesAsObjectStore(open: () => Promise<ObjectStore>): void {
  test('finds nothing where nothing was written', async () => {
    const store = await open();
    expect(await store.read('state.json')).toBeNull();
  });

  test('gives back what was written, with the generation that the write gave', async () => {
    const store = await open();
    const generation = await store.write('state.json', 'text', null);
    expect(await store.read('state.json')).toEqual({ text: 'text', generation });
  });

  test('creates once: who creates after that loses', async () => {
    const store = await open();
    const generation = await store.write('state.json', 'first', null);
    expect(await store.write('state.json', 'second', null)).toBeNull();
    expect(await store.read('state.json')).toEqual({ text: 'first', generation });
  });

  test('replaces what has the stated generation, under another one', async () => {
    const store = await open();
    const first = await store.write('state.json', 'first', null);
    const second = await store.write('state.json', 'second', first);
    expect(second).not.toBe(first);
    expect(await store.read('state.json')).toEqual({ text: 'second', generation: second });
  });

  test('leaves what has a later generation than the stated one', async () => {
    const store = await open();
    const first = await store.write('state.json', 'first', null);
    const second = await store.write('state.json', 'second', first);
    const third = await store.write('state.json', 'third', second);
    expect(await store.write('state.json', 'of the first', first)).toBeNull();
    expect(await store.write('state.json', 'of the second', second)).toBeNull();
    expect(await store.read('state.json')).toEqual({ text: 'third', generation: third });
  });

  test('writes nothing after a generation that never was', async () => {
    const store = await open();
    expect(await store.write('state.json', 'text', '7')).toBeNull();
    expect(await store.read('state.json')).toBeNull();
  });

  test('keeps objects apart whose names begin alike', async () => {
    const store = await open();
    const names = ['state.json', 'state.json.1', 'state', 'state-unreadable-2026-03-02.json'];
    for (const name of names) await store.write(name, `text of ${name}`, null);
    const texts = await Promise.all(names.map(async (name) => (await store.read(name))?.text));
    expect(texts).toEqual(names.map((name) => `text of ${name}`));
  });

  test.each([
    { name: 'nothing', text: '' },
    { name: 'characters of every length', text: '{"name":"aäé€😀\\ud800\u0000\u2028"}' },
    { name: 'line ends, and what looks like a boundary', text: '\r\n\r\n--a\r\n--\n\r\n' },
    { name: 'five megabytes', text: 'drift '.repeat(5_000_000 / 6) },
  ])('keeps a text of $name', async ({ text }) => {
    const store = await open();
    const generation = await store.write('state.json', text, null);
    const stored = await store.read('state.json');
    // Not compared as a text: the difference of two long ones would take minutes to print.
    expect({ isSame: stored?.text === text, generation: stored?.generation }).toEqual({
      isSame: true,
      generation,
    });
  });

  test.each([
    { name: 'create it', before: null },
    { name: 'follow one generation', before: 'before' },
  ])('lets exactly one of many writers win who $name at once', async ({ before }) => {
    const store = await open();
    const generation = before === null ? null : await store.write('state.json', before, null);
    const texts = Array.from({ length: 20 }, (_, index) => `writer ${index} `.repeat(10_000));
    const written = await Promise.all(texts.map((text) => store.write('state.json', text, generation)));
    const winners = texts.flatMap((text, index) => {
      const given = written[index] ?? null;
      return given === null ? [] : [{ text, generation: given }];
    });
    expect(winners).toEqual([await store.read('state.json')]);
  });

  test('shows who reads meanwhile one whole text after the other, never less and never an earlier one', async () => {
    const store = await open();
    const texts = Array.from({ length: 40 }, (_, index) => `${index} `.repeat(50_000));
    let generation = await store.write('state.json', texts[0] ?? '', null);
    let isWriting = true;
    const wrong: string[] = [];
    const read = async () => {
      for (let latest = 0; isWriting; ) {
        const stored = await store.read('state.json');
        const seen = texts.indexOf(stored?.text ?? 'none');
        if (seen < latest) wrong.push(`after ${latest}: ${stored?.text.slice(0, 20)}`);
        latest = Math.max(latest, seen);
      }
    };
    const readers = Array.from({ length: 4 }, read);
    for (const text of texts.slice(1)) generation = await store.write('state.json', text, generation);
    isWriting = false;
    await Promise.all(readers);
    expect(wrong).toEqual([]);
    expect((await store.read('state.json'))?.text === texts.at(-1)).toBe(true);
  });
}
