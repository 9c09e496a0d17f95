import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileText, rewrittenText } from '../../src/files/file-text.ts';
import { RUNS } from '../support/runs.ts';

/** Text, what happens to its value, and the text that follows. */
type Row = readonly [title: string, text: string, change: (file: Json) => Json, rewritten: string];
// biome-ignore lint/suspicious/noExplicitAny: the tests reach into JSON of every shape
type Json = any;

const ROWS: readonly Row[] = [
  [
    'an item between others, on a line of its own',
    '{\n  "fields": [\n    { "name": "a" },\n    {"name":"b"},\n    {  "name":  "c"  }\n  ]\n}\n',
    (file) => ({ fields: [file.fields[0], file.fields[2]] }),
    '{\n  "fields": [\n    { "name": "a" },\n    {  "name":  "c"  }\n  ]\n}\n',
  ],
  [
    'the first item',
    '{\r\n\t"fields": [\r\n\t\t1,\r\n\t\t2\r\n\t]\r\n}',
    () => ({ fields: [2] }),
    '{\r\n\t"fields": [\r\n\t\t2\r\n\t]\r\n}',
  ],
  ['the last item', '{ "fields": [1, 2,3 ] }', () => ({ fields: [1, 2] }), '{ "fields": [1, 2 ] }'],
  ['every item', '{ "fields": [ 1, 2 ] }', () => ({ fields: [] }), '{ "fields": [] }'],
  [
    'an item is appended as its siblings are written: on one line',
    '{\n    "fields": [\n        { "name": "a" , "type":"X" }\n    ]\n}\n',
    (file) => ({ fields: [...file.fields, { name: 'b', fields: [{ name: 'c' }] }] }),
    '{\n    "fields": [\n        { "name": "a" , "type":"X" },\n        { "name": "b", "fields": [{ "name": "c" }] }\n    ]\n}\n',
  ],
  [
    'an item is appended as its siblings are written: on several lines, with their line ends and tabs',
    '{\r\n\t"fields": [\r\n\t\t{\r\n\t\t\t"name": "a"\r\n\t\t}\r\n\t]\r\n}',
    (file) => ({ fields: [...file.fields, { name: 'b' }] }),
    '{\r\n\t"fields": [\r\n\t\t{\r\n\t\t\t"name": "a"\r\n\t\t},\r\n\t\t{\r\n\t\t\t"name": "b"\r\n\t\t}\r\n\t]\r\n}',
  ],
  [
    'a line of several items stays one line',
    '{\n  "names": [ "a","b" ]\n}',
    () => ({ names: ['a', 'b', 'c'] }),
    '{\n  "names": [ "a","b","c" ]\n}',
  ],
  [
    'the first item of an empty list',
    '{\n  "fields": []\n}',
    () => ({ fields: [{ name: 'a' }] }),
    '{\n  "fields": [\n    {\n      "name": "a"\n    }\n  ]\n}',
  ],
  [
    'a file without any white space stays so',
    '{"a":null,"b":{"c":1},"d":[]}',
    () => ({ a: { x: 1, y: [2, 3] }, b: { c: 1, e: null }, d: [{ f: 1 }] }),
    '{"a":{"x":1,"y":[2,3]},"b":{"c":1,"e":null},"d":[{"f":1}]}',
  ],
  [
    'another key takes the place of one',
    '{\n  "a": 1,\n  "b": {\n    "c": 2\n  },\n  "d": 3\n}',
    () => ({ a: 1, x: { y: 4 }, d: 3 }),
    '{\n  "a": 1,\n  "x": {\n    "y": 4\n  },\n  "d": 3\n}',
  ],
  ['a key before all others', '{ "b": 1 }', () => ({ a: 0, b: 1 }), '{ "a": 0, "b": 1 }'],
  [
    'keys that look like numbers keep their place',
    '{ "b": 1, "10": 2, "2": 3 }',
    (file) => ({ ...file, b: 4 }),
    '{ "b": 4, "10": 2, "2": 3 }',
  ],
  [
    'a key named __proto__ is a key like any other',
    '{ "labels": { "__proto__": "x", "a": "y" } }',
    () => JSON.parse('{"labels":{"__proto__":"z","a":"y"}}'),
    '{ "labels": { "__proto__": "z", "a": "y" } }',
  ],
  [
    'of a key that stands twice, the last counts',
    '{ "a": { "x": 1, "x": 2 }, "b":  1 }',
    () => ({ a: { x: 3 }, b: 1 }),
    '{ "a": { "x": 3 }, "b":  1 }',
  ],
  ['a byte order mark stays', '\uFEFF{"a":1}', () => ({ a: 2 }), '\uFEFF{"a":2}'],
  [
    'braces, quotes and escapes inside of texts are text',
    '{ "a": "}\\"{\\u005d", "b": 1 }',
    (file) => ({ ...file, b: 'x"\n' }),
    '{ "a": "}\\"{\\u005d", "b": "x\\"\\n" }',
  ],
  [
    'an unusual spelling of what stays',
    '{ "a" :1.0, "b":[ ] }',
    (file) => ({ ...file, a: 1 }),
    '{ "a" :1.0, "b":[ ] }',
  ],
];

describe('rewrittenText', () => {
  test.each(ROWS)('%s', (_title, text, change, rewritten) => {
    const file = change(JSON.parse(text.replace(/^\uFEFF/, '')));
    expect(rewrittenText(text, file)).toBe(rewritten);
  });

  const value = fc.jsonValue({ maxDepth: 4 });
  const layout = fc.record({
    indent: fc.constantFrom('', ' ', '    ', '\t'),
    lineEnd: fc.constantFrom('\n', '\r\n'),
  });

  test('says exactly the other values, whatever they are', () =>
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), value),
        fc.dictionary(fc.string(), value),
        layout,
        (before, after, { indent, lineEnd }) => {
          const text = JSON.stringify(before, null, indent).replaceAll('\n', lineEnd);
          const target = JSON.parse(JSON.stringify(after));
          expect(JSON.parse(rewrittenText(text, target))).toEqual(target);
          expect(rewrittenText(text, JSON.parse(text))).toBe(text);
        },
      ),
      RUNS,
    ));

  test('every line that holds nothing of the edited key stays', () =>
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.array(fc.integer()), { minKeys: 2 }),
        fc.nat(),
        fc.option(value),
        fc.constantFrom('  ', '\t'),
        (before, at, replaced, indent) => {
          const keys = Object.keys(before);
          const key = keys[at % keys.length] ?? '';
          // Oddly spaced, a property on each line.
          const lineOf = (name: string) => `${indent}"${name}" :  [${(before[name] ?? []).join(' , ')}]`;
          const text = `{\n${keys.map(lineOf).join(' ,\n')}\n}\n`;
          const rewritten = rewrittenText(text, { ...before, [key]: replaced });
          for (const name of keys) if (name !== key) expect(rewritten).toContain(`\n${lineOf(name)}`);
          expect(JSON.parse(rewritten)).toEqual(JSON.parse(JSON.stringify({ ...before, [key]: replaced })));
        },
      ),
      RUNS,
    ));
});

describe('fileText', () => {
  test('is JSON of two spaces a level, with a list of plain values on one line where it fits', () => {
    const text = fileText({
      type: 'TABLE',
      schema: { fields: [{ name: 'a', type: 'STRING' }] },
      clustering: { fields: ['a', 'b'] },
      nothing: [],
      none: {},
      long: ['x'.repeat(60), 'y'.repeat(60)],
    });
    expect(text).toBe(
      `${JSON.stringify(
        {
          type: 'TABLE',
          schema: { fields: [{ name: 'a', type: 'STRING' }] },
          clustering: { fields: 'LIST' },
          nothing: [],
          none: {},
          long: ['x'.repeat(60), 'y'.repeat(60)],
        },
        null,
        2,
      ).replace('"LIST"', '["a", "b"]')}\n`,
    );
  });

  test('says the same as JSON.stringify of any content', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (content) => {
        expect(JSON.parse(fileText(content))).toEqual(JSON.parse(JSON.stringify(content)));
      }),
    );
  });
});
