import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stoppedClock } from '../../emulators/clock.ts';
import { loadExpectation } from '../../src/adapters/folders/expected-files.ts';
import { openSnapshot } from '../../src/adapters/folders/snapshot-files.ts';
import { check } from '../../src/app/check/check.ts';
import { listKinds } from '../../src/kinds/guide.ts';
import { isKind, KINDS, kindRow } from '../../src/kinds/index.ts';
import type { None } from '../../src/kinds/kind.ts';
import { isObject } from '../../src/metadata/parse.ts';
import type { Resource } from '../../src/model/ports.ts';
import { endless } from '../support/deadline.ts';
import { writeFolder } from '../support/folder.ts';

const ids = KINDS.map(({ id }) => id);
const NOW = new Date('2026-11-22T10:17:00Z');

test('every id is there once, in kebab-case', () => {
  expect([...new Set(ids)]).toEqual(ids);
  for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

test('what is no kind has no row', () => {
  expect(isKind('table-mising')).toBe(false);
  expect(() => kindRow('table-mising')).toThrow('no row for kind table-mising');
});

test.each(KINDS)('$id says in one sentence what it checks', ({ purpose }) => {
  expect(purpose).toMatch(/^Checks that [^.]+\.$/);
});

test('no two kinds check the same', () => {
  expect(new Set(KINDS.map(({ purpose }) => purpose)).size).toBe(KINDS.length);
});

test.each(KINDS)('$id says what it finds, why that matters and what to do', ({ finds, why, act }) => {
  expect(finds).toMatch(/^\S.{10,}[^.]$/);
  expect(why).toMatch(/^[A-Z].{20,}\.$/);
  expect(act).toMatch(/^\S.{20,}[.)]$/);
});

test.each(KINDS)('$id has words', ({ scope, words }) => {
  const clause =
    typeof words.what === 'function'
      ? words.what({ kind: 'any', path: null, expected: null, actual: null })
      : words.what;
  // The subject stands before it; only a field is named.
  expect([clause, clause.includes('{path}')]).toEqual([
    expect.stringMatching(/^[a-z].{10,}[^.]$/),
    scope === 'field',
  ]);
});

test.each(KINDS)('$id names the keys that it compares, or says why it compares none', ({ location }) => {
  if (isNone(location)) expect(location.none).toMatch(/^.{20,}[^.]$/);
  else for (const key of location) expect(key).toMatch(/^[a-z][A-Za-z]*(\.[a-z][A-Za-z]*)*$/);
});

test('what the page shows beside other settings has a label, which few kinds share', () => {
  const settings = KINDS.filter(({ scope, location }) => scope !== 'dataset' && !isNone(location));
  // The type and the mode of a field stand in its own line.
  expect(settings.filter(({ label }) => label === undefined).map(({ id }) => id)).toEqual([
    'field-type',
    'field-mode',
  ]);
  const ofTables = settings.filter(({ scope }) => scope === 'table').map(({ label }) => label);
  expect(ofTables.filter((label, index) => ofTables.indexOf(label) !== index)).toEqual([
    'Partitioning',
    'Partitioning',
  ]);
});

test.each(KINDS)('$id has a repair, or says why there is none', ({ repair }) => {
  if (isNone(repair)) expect(repair.none).toMatch(/^.{20,}[^.]$/);
  else expect(repair).toBeTypeOf('function');
});

function isNone(value: object): value is None {
  return 'none' in value;
}

test('case folders, the rows of README and the lines of drift explain are of the same kinds', async () => {
  const readme = await readFile('README.md', 'utf8');
  const section = readme.slice(readme.indexOf('## Kinds of drift')).split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| ([a-z-]+) \| .+ \| [a-z]+/gm)].map(([, id]) => id);
  expect({
    cases: (await readdir('test/cases')).sort(),
    readme: rows.filter((id) => id !== '---' && id !== 'kind'),
    explained: listKinds().match(/^[a-z-]+/gm),
  }).toEqual({ cases: ids.toSorted(), readme: ids, explained: ids });
});

/** Those whose mirror is another kind: what is missing here is undeclared there. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['dataset-missing', 'dataset-unexpected'],
  ['table-missing', 'table-unexpected'],
  ['field-missing', 'field-unexpected'],
  ['partitioning-missing', 'partitioning-unexpected'],
];
const MIRRORS = new Map(PAIRS.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]));

/** Kinds that find nothing of the sort when expected and actual change places, and why. */
const WITHOUT_MIRROR: Readonly<Record<string, string>> = {
  retention: 'a contract stands in a file alone: BigQuery has nothing that promises it',
};

test.each(ids)('%s has a mirror, or it is said why there is none', async (id) => {
  const mirror = MIRRORS.get(id) ?? id;
  const isMirrored = (await kindsOfTurned(id)).includes(mirror) && (await kindsOfTurned(mirror)).includes(id);
  expect({ id, isMirrored }).toEqual({ id, isMirrored: !(id in WITHOUT_MIRROR) });
});

test('mirrors and what is said of those without are of kinds that there are', () => {
  expect([...MIRRORS.keys(), ...Object.keys(WITHOUT_MIRROR)].filter((id) => !isKind(id))).toEqual([]);
  for (const reason of Object.values(WITHOUT_MIRROR)) expect(reason).toMatch(/^.{20,}[^.]$/);
});

/** What a check finds of the case where the files say what is there, and BigQuery has what they said. */
async function kindsOfTurned(id: string): Promise<readonly string[]> {
  const expected = await filesIn(`test/cases/${id}/expected`);
  const actual = await filesIn(`test/cases/${id}/actual`);
  const files = new Map([...actual].map(([path, answer]) => [path, statedOf(answer, expected.get(path))]));
  const answers = new Map([...expected].map(([path, file]) => [path, { ...actual.get(path), ...file }]));
  const { report } = await check({
    ...(await loadExpectation({ folder: await writeFolder(Object.fromEntries(files)) })),
    warehouse: await openSnapshot(await writeFolder(Object.fromEntries(answers))),
    project: 'p',
    clock: stoppedClock(NOW),
    confirmMs: 0,
    deadline: endless,
    now: NOW,
  });
  expect(report.unchecked).toEqual([]);
  return report.findings.map(({ kind }) => kind);
}

/** What is absent from an answer is stated as absent, or it would not be compared. */
function statedOf(answer: Resource, file: Resource = {}): Resource {
  const stated = Object.entries(file)
    .filter(([key]) => key !== 'contract')
    .map(([key, value]) => {
      const own = answer[key];
      if (isObject(own) && isObject(value)) return [key, statedOf(own, value)];
      return [key, own ?? (typeof value === 'boolean' ? false : null)];
    });
  return { ...answer, ...Object.fromEntries(stated) };
}

async function filesIn(folder: string): Promise<ReadonlyMap<string, Resource>> {
  const names = await readdir(folder, { recursive: true });
  const paths = names.filter((name) => name.endsWith('.json') && name !== 'drift-policy.json');
  const read = async (path: string): Promise<[string, Resource]> => [
    path,
    JSON.parse(await readFile(join(folder, path), 'utf8')),
  ];
  return new Map(await Promise.all(paths.map(read)));
}
