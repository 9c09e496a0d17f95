import { expect, test } from 'vitest';
import type { Fault } from '../../emulators/bigquery.ts';
import { type Hour, startHours } from './hours.ts';

const ALERT = 'Drift | crm.people: field amount is missing';
const REPAIR = 'Resolved | repaired sales.items: field amount is missing';

/** As short as a deadline may be; what of it is left to read in is what the reads may hang. */
const DEADLINE_SECONDS = '10';
const READING_MS = 7500;
const LEFT_MS = 3000;

const HANGS: readonly (readonly [where: string, fault: Omit<Fault, 'answer'>, faulty: Partial<Hour>])[] = [
  [
    'a repaired table',
    { method: 'tables.get', table: 'items' },
    { said: 'drifted', counts: [2, 1, 1], told: [ALERT] },
  ],
  [
    'a changed table',
    { method: 'tables.get', table: 'people' },
    { said: 'incomplete', counts: [3, 0, 1], told: [REPAIR] },
  ],
  [
    'the second read of a changed table',
    { method: 'tables.get', table: 'people', skip: 1 },
    { said: 'incomplete', counts: [3, 0, 1], told: [REPAIR] },
  ],
  ['a dataset', { method: 'datasets.get', dataset: 'crm' }, { counts: [3, 1, 0], told: [ALERT, REPAIR] }],
  [
    'a list of tables',
    { method: 'tables.list', dataset: 'crm' },
    { counts: [3, 1, 0], told: [ALERT, REPAIR] },
  ],
  ['the list of datasets', { method: 'datasets.list' }, { counts: [3, 1, 0], told: [ALERT, REPAIR] }],
];

/** All at once, since a request that hangs is given up in real time. */
test('a read that hangs costs what it is about, and the rest is told in time', async () => {
  const seen = await Promise.all(
    HANGS.map(async ([where, fault]) => {
      const played = await startHours({ DEADLINE_SECONDS });
      await played.rewind();
      played.world.retype('crm.people', null);
      const { clock } = played;
      const { every } = clock;
      // The lease took so long that hardly any time is left to read in.
      clock.every = (ms, act) => {
        clock.advance(READING_MS - LEFT_MS);
        return every(ms, act);
      };
      played.bigquery.faults.push({ ...fault, answer: 'hang' });
      const { said, http, counts, told } = await played.hour();
      played.bigquery.faults.splice(0);
      clock.every = every;
      return { where, http, said, counts, told, after: (await played.hour()).told };
    }),
  );

  expect(seen).toEqual(
    HANGS.map(([where, , { said = 'drifted', counts, told = [] }]) => ({
      where,
      http: 200,
      said,
      counts,
      told,
      after: [ALERT, REPAIR].filter((fact) => !told.includes(fact)),
    })),
  );
});

test('a spent quota leaves everything as it was, and is told', async () => {
  const played = await startHours();
  await played.rewind();
  played.world.retype('crm.people', null);
  played.bigquery.faults.push({ answer: { status: 403, reason: 'quotaExceeded' } });
  const { http, said, counts, told } = await played.hour();
  played.bigquery.faults.splice(0);
  const healthy = await played.hour();

  expect({ http, said, counts, told, after: healthy.told }).toEqual({
    http: 500,
    said: 'NothingRead',
    counts: [0, 0, 4],
    told: ['Unchecked | crm | sales | the list of datasets'],
    after: [
      ALERT,
      'Resolved | can be checked again dataset crm | can be checked again dataset sales | can be checked again the list of datasets | repaired sales.items: field amount is missing',
    ],
  });
});
