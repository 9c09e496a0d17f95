import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { writeFolder } from './support/folder.ts';
import { type PlayedFunction, startFunction } from './support/function.ts';

const fields = [{ name: 'id', type: 'STRING' }];
const table = { schema: { fields } };
const drifted = { schema: { fields: [{ name: 'id', type: 'INT64' }] } };

async function start(): Promise<PlayedFunction> {
  return startFunction({
    warehouse: {
      datasets: new Map([
        [
          'sales',
          {
            resource: { location: 'EU' },
            tables: new Map([
              ['orders', drifted],
              ['items', table],
            ]),
          },
        ],
      ]),
    },
    expected: await writeFolder({
      'sales/orders.json': { type: 'TABLE', schema: { fields }, contract: { owner: '<@U0SALES>' } },
      'sales/items.json': { type: 'TABLE', schema: { fields } },
    }),
    env: { STATE_URI: pathToFileURL(await writeFolder({})).href, CONFIRM_SECONDS: '0' },
  });
}

test('a payload that Slack refuses silences nothing: the same news is told once as plain text', async () => {
  const played = await start();
  played.slack.faults.push({ of: 'blocks', answer: { status: 400, body: 'invalid_blocks' } });
  const first = await played.callAt('2026-03-02T08:00:00Z');
  await played.callAt('2026-03-02T09:00:00Z');
  played.bigquery.warehouse.datasets.get('sales')?.tables.delete('items');
  await played.callAt('2026-03-02T10:00:00Z');

  expect(first).toMatchObject({ status: 200, body: { status: 'drifted', alerts: { opened: 1 } } });
  const texts = played.slack.messages.map(({ payload }) => String(payload.text));
  expect(texts).toEqual([
    expect.stringMatching(
      /^Drift: first check of shop: 1 warning\. sales\.orders: .*\n2 tables: 1 in sync.*\n<@U0SALES>\n/,
    ),
    expect.stringMatching(/^Drift in shop: 1 critical\. sales\.items: the table is missing/),
  ]);
  const errors = played.logged.filter(
    ({ severity, message }) => severity === 'ERROR' && message.includes('invalid_blocks'),
  );
  expect(errors).toHaveLength(2);
});

test('a Slack that says only that there is too much is asked less and less often', async () => {
  const played = await start();
  played.slack.faults.push({ answer: { status: 429, body: 'rate_limited' } });

  const { status } = await played.call();

  expect(status).toBe(500);
  expect(played.slack.refused.length).toBeLessThan(30);
});

test('no address or name in somebody else’s text becomes a link or a mention', async () => {
  const played = await start();
  played.bigquery.faults.push({
    method: 'tables.get',
    table: 'items',
    answer: {
      status: 403,
      reason: 'accessDenied',
      message: 'see https://evil.example or ask @here in #general',
    },
  });
  await played.callAt('2026-03-02T08:00:00Z');
  await played.callAt('2026-03-02T09:00:00Z');

  const payloads = played.slack.messages.map(({ payload }) => payload);
  expect(JSON.stringify(payloads)).toContain('evil.example');
  const texts = payloads.flatMap(({ blocks = [] }) => mrkdwnIn(blocks));
  expect(texts.filter(({ verbatim }) => verbatim !== true)).toEqual([]);
  expect(payloads.map((payload) => payload['link_names'])).toEqual(payloads.map(() => false));
});

interface Mrkdwn {
  readonly type: 'mrkdwn';
  readonly verbatim?: boolean;
}

function mrkdwnIn(value: unknown): readonly Mrkdwn[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && value.type === 'mrkdwn') return [value as Mrkdwn];
  return Object.values(value).flatMap(mrkdwnIn);
}
