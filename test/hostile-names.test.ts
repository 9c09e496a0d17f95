import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { writeFolder } from './support/folder.ts';
import { type PlayedFunction, startFunction } from './support/function.ts';
import { run } from './support/seen.ts';

/* Names that anybody may give who may create a table. */

const fields = [{ name: 'id', type: 'STRING' }];
const table = { schema: { fields } };
const file = { type: 'TABLE', schema: { fields } };

describe('a shard that is named for a day in the future', () => {
  const drifted = { schema: { fields: [{ name: 'id', type: 'INT64' }] } };

  async function start(tables: Readonly<Record<string, object>>): Promise<PlayedFunction> {
    const played = await startFunction({
      warehouse: {
        datasets: new Map([
          [
            'web',
            {
              resource: { location: 'EU' },
              tables: new Map(Object.entries(tables).map(([name, t]) => [name, { ...t }])),
            },
          ],
        ]),
      },
      expected: await writeFolder({ 'web/events_YYYYMMDD.json': file }),
      env: { STATE_URI: pathToFileURL(await writeFolder({})).href, CONFIRM_SECONDS: '0' },
    });
    // A moment that is a day of its own in each part of the world.
    played.clock.advance(Date.parse('2026-03-02T12:00:00Z') - played.clock.now().getTime());
    return played;
  }

  const warnings = ({ logged }: PlayedFunction) =>
    logged.flatMap((entry) => (entry['run'] as { warnings?: readonly string[] } | undefined)?.warnings ?? []);

  test('does not hide the drift of today’s, and is told', async () => {
    const played = await start({
      events_20260301: drifted,
      events_20260302: drifted,
      events_21991231: table,
    });

    expect(await run(played)).toMatchObject({ findings: ['web.events_YYYYMMDD: field-type'] });
    const warning =
      'web.events_YYYYMMDD: events_21991231 is named for a day later than tomorrow; events_20260302 is taken for the newest';
    expect(warnings(played)).toEqual([warning]);
    expect(JSON.stringify(played.slack.messages)).toContain(`Warning: ${warning}`);
  });

  test.each([
    { name: 'that of tomorrow is the newest', newest: 'events_20260303', findings: ['field-type'], told: 0 },
    { name: 'that of the day after tomorrow is not', newest: 'events_20260304', findings: [], told: 1 },
  ])('$name', async ({ newest, findings, told }) => {
    const played = await start({ events_20260302: table, [newest]: drifted });

    expect((await run(played)).findings).toEqual(findings.map((kind) => `web.events_YYYYMMDD: ${kind}`));
    expect(warnings(played)).toHaveLength(told);
  });

  test('is compared where there is no other', async () => {
    const played = await start({ events_21991230: table, events_21991231: drifted });

    expect((await run(played)).findings).toEqual(['web.events_YYYYMMDD: field-type']);
    expect(warnings(played)).toContain(
      'web.events_YYYYMMDD: events_21991231 and 1 more shard are named for a day later than tomorrow; there is no other',
    );
  });
});

test('a name of a thousand underscores does not hold up a policy whose pattern has many stars', async () => {
  const runWith = async (name: string) => {
    const played = await startFunction({
      warehouse: {
        datasets: new Map([
          [
            'sales',
            {
              resource: { location: 'EU' },
              tables: new Map([
                ['orders', table],
                [name, table],
              ]),
            },
          ],
        ]),
      },
      expected: await writeFolder({
        'sales/orders.json': file,
        'drift-policy.json': { ignoreUnexpected: ['*.*_*_*_*_*_*_*_v1'] },
      }),
      env: { CONFIRM_SECONDS: '0' },
    });
    return played.call();
  };
  const plain = await runWith('x'.repeat(1024));
  // A pattern that goes back over the name would not come to its end.
  const hostile = await runWith('_'.repeat(1024));

  expect(plain).toMatchObject({ status: 200, body: { status: 'in-sync', tables: { inSync: 1 } } });
  expect(hostile).toMatchObject({ status: 200, body: { status: 'in-sync', tables: { inSync: 1 } } });
});
