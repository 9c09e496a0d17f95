import { expect, test } from 'vitest';
import type { Fault } from '../../emulators/bigquery.ts';
import { tableFile } from '../simulation/world.ts';
import { type Played, startHours, TABLES } from './hours.ts';
import { type Change, expectedOf, type FaultClass, type Method, type Moment, type Place } from './model.ts';

/** One page of HTML, as a proxy or Google's front end sends it. */
const PAGE = '<html><title>Error</title></html>';
const html = (status: number) => ({ status, body: PAGE, contentType: 'text/html; charset=UTF-8' });

const NAMELESS = {
  status: 200,
  body: JSON.stringify({
    kind: 'bigquery#table',
    tableReference: { projectId: 'shop', datasetId: 'crm', tableId: 'people' },
    type: 'TABLE',
    schema: { fields: [{ type: 'STRING' }] },
  }),
};

/** All fields are there, but it is not the table that is asked for. */
const ANOTHER = {
  status: 200,
  body: JSON.stringify({
    kind: 'bigquery#table',
    tableReference: { projectId: 'shop', datasetId: 'crm', tableId: 'visits' },
    ...tableFile(),
  }),
};
const VISITS = '/bigquery/v2/projects/shop/datasets/crm/tables/visits?view=FULL';

const FAULTS: readonly (readonly [name: string, fault: FaultClass, answer: Fault['answer']])[] = [
  ['403 accessDenied', 'denied', { status: 403, reason: 'accessDenied' }],
  ['503 backendError', 'passing', { status: 503 }],
  ['404 notFound', 'not found', { status: 404 }],
  [
    '200 with an object for a list',
    'unusable',
    { status: 200, body: '{"kind":"bigquery#tableList","tables":{}}' },
  ],
];

/** What is asked again like one of the others; at one place each. */
const MORE_FAULTS: typeof FAULTS = [
  ['403 rateLimitExceeded', 'throttled', { status: 403, reason: 'rateLimitExceeded' }],
  ['a reset', 'passing', 'reset'],
  ['404 from a proxy', 'unusable', html(404)],
  ['429', 'throttled', { status: 429 }],
  ['500 internalError', 'passing', { status: 500 }],
  ['502 from a proxy', 'passing', html(502)],
  ['408', 'passing', { status: 408 }],
  ['401', 'not signed in', { status: 401, reason: 'authError' }],
  ['302 to a table that answers', 'unusable', { ...html(302), location: VISITS }],
  ['206 with a part of it', 'unusable', { status: 206, body: '{"kind":"bigquery#table"}' }],
  ['200 with another table', 'unusable', ANOTHER],
  ['404 notFound of the project', 'unusable', { status: 404, message: 'Not found: Project shop' }],
  ['302 notFound', 'unusable', { status: 302, reason: 'notFound' }],
  ['400 notFound', 'unusable', { status: 400, reason: 'notFound' }],
  ['401 notFound', 'not signed in', { status: 401, reason: 'notFound' }],
  ['403 notFound', 'denied', { status: 403, reason: 'notFound' }],
  ['429 notFound', 'throttled', { status: 429, reason: 'notFound' }],
  ['500 notFound', 'passing', { status: 500, reason: 'notFound' }],
  ['503 notFound', 'passing', { status: 503, reason: 'notFound' }],
  ['403 blocked', 'denied', { status: 403, reason: 'blocked' }],
  ['403 without a reason, from a proxy', 'denied', html(403)],
  ['200 with truncated JSON', 'unusable', { status: 200, body: '{"kind":"bigquery#table","schema":{"fie' }],
  ['200 with HTML', 'unusable', html(200)],
  ['200 with the JSON null', 'unusable', { status: 200, body: 'null' }],
  ['200 with an empty object', 'unusable', { status: 200, body: '{}' }],
  ['200 with a table without a name for its field', 'unusable', NAMELESS],
];

const at = (method: Method | null, dataset: string | null = null, table: string | null = null): Place => ({
  method,
  dataset,
  table,
});
const PLACES: readonly (readonly [name: string, place: Place, change: Change])[] = [
  ['tables.get of a repaired table', at('tables.get', 'sales', 'items'), 'crm.people loses a field'],
  ['tables.get of a changed table', at('tables.get', 'crm', 'people'), 'crm.people loses a field'],
  ['tables.get of a dropped table', at('tables.get', 'crm', 'people'), 'crm.people is dropped'],
  ['every tables.get', at('tables.get'), 'crm.people loses a field'],
  ['datasets.get of a dropped dataset', at('datasets.get', 'crm'), 'crm is dropped'],
  ['datasets.get above a dropped table', at('datasets.get', 'crm'), 'crm.people is dropped'],
  ['datasets.list beside a dropped dataset', at('datasets.list'), 'crm is dropped'],
  ['tables.list above a dropped table', at('tables.list', 'crm'), 'crm.people is dropped'],
  ['tables.list where all is well', at('tables.list', 'crm'), 'nothing'],
  ['all that is asked', at(null), 'crm.people loses a field'],
];

const MOMENTS: Readonly<Record<string, Moment>> = {
  first: { skip: 0, times: 1 },
  middle: { skip: 1, times: 1 },
  last: { skip: 1, times: Number.POSITIVE_INFINITY },
  always: { skip: 0, times: Number.POSITIVE_INFINITY },
};

/** A fault for each thing, so that each counts its own requests. */
function faultsAt(place: Place, moment: Moment, answer: Fault['answer']): Fault[] {
  const things = [
    { method: 'datasets.list' as const },
    ...['sales', 'crm'].flatMap((dataset) => [
      { method: 'datasets.get' as const, dataset },
      { method: 'tables.list' as const, dataset },
    ]),
    ...TABLES.map((name) => {
      const [dataset = '', table = ''] = name.split('.');
      return { method: 'tables.get' as const, dataset, table };
    }),
  ];
  return things
    .filter(
      (thing) =>
        (place.method ?? thing.method) === thing.method &&
        (place.dataset === null || ('dataset' in thing && thing.dataset === place.dataset)) &&
        (place.table === null || ('table' in thing && thing.table === place.table)),
    )
    .map((thing) => ({ ...thing, ...moment, answer }));
}

function happen({ world }: Played, change: Change): void {
  if (change === 'crm is dropped') world.dropDataset('crm');
  else if (change === 'crm.people is dropped') world.drop('crm.people');
  else if (change === 'crm.people loses a field') world.retype('crm.people', null);
}

const ROWS = PLACES.flatMap(([where, place, change]) =>
  [...FAULTS, ...(where === 'tables.get of a changed table' ? MORE_FAULTS : [])].map(
    ([what, fault, answer]) => ({ what, where, place, change, fault, answer }),
  ),
);

test.each(ROWS)('$what at $where hides what it hides for an hour, and nothing else', async (row) => {
  const { place, change, fault, answer } = row;
  const played = await startHours();
  const seen: Record<string, unknown> = {};
  for (const [when, moment] of Object.entries(MOMENTS)) {
    await played.rewind();
    happen(played, change);
    played.bigquery.faults.push(...faultsAt(place, moment, answer));
    const faulty = await played.hour();
    played.bigquery.faults.splice(0);
    seen[when] = { faulty, healthy: await played.hour() };
  }

  expect(seen).toEqual(
    Object.fromEntries(
      Object.entries(MOMENTS).map(([when, moment]) => [when, expectedOf({ change, fault, place, moment })]),
    ),
  );
});
