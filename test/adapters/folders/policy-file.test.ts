import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { loadPolicy } from '../../../src/adapters/folders/policy-file.ts';
import { defaultPolicy } from '../../../src/files/policy.ts';

const made: string[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((folder) => rm(folder, { recursive: true })));
});

/** Loads a policy from a file; text is written as it is, anything else as JSON. */
async function load(content: unknown) {
  const folder = await mkdtemp(join(tmpdir(), 'policy-'));
  made.push(folder);
  const path = join(folder, 'policy.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return loadPolicy(path, 'policy.json');
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const defaultAlerts = {
  remindAfterMs: { critical: 4 * HOUR, warning: DAY, info: null },
  uncheckedAfterRuns: 2,
};

const waiver = { table: 'commerce.square_items', until: '2027-01-31', reason: 'migration 4711' };

describe('loadPolicy', () => {
  test.each([
    { name: 'an empty policy', content: {} },
    { name: 'a policy with $schema alone', content: { $schema: '../schemas/policy.schema.json' } },
    {
      name: 'a policy of empty parts',
      content: { severities: {}, requiredFields: [], ignoreUnexpected: [], waivers: [], alerts: {} },
    },
  ])('gives $name every default', async ({ content }) => {
    expect(await load(content)).toEqual({
      policy: {
        severities: new Map(),
        ignoreUnexpected: [],
        waivers: [],
        minimumSeverity: 'warning',
        alerts: defaultAlerts,
      },
      requiredFields: [],
      problems: [],
    });
  });

  test('has the same defaults where there is no policy', () => {
    expect(defaultPolicy).toEqual({
      severities: new Map(),
      ignoreUnexpected: [],
      waivers: [],
      minimumSeverity: 'warning',
      alerts: defaultAlerts,
    });
  });

  test('reads all of a policy', async () => {
    const content = {
      severities: { 'field-unexpected': 'warning', clustering: 'off', retention: 'warning' },
      requiredFields: [
        { name: 'created_at', type: 'TIMESTAMP', except: ['analytics_*.*'] },
        { name: 'version', type: 'STRING' },
      ],
      ignoreUnexpected: ['*.tmp_*', 'scratch.*'],
      waivers: [waiver, { ...waiver, path: 'price', kind: 'field-type' }],
      alerts: {
        minimumSeverity: 'critical',
        remindAfter: { critical: 'PT30M', warning: null },
        uncheckedAfterRuns: 3,
      },
    };
    expect(await load(content)).toEqual({
      policy: {
        severities: new Map([
          ['field-unexpected', 'warning'],
          ['clustering', 'off'],
          ['retention', 'warning'],
        ]),
        ignoreUnexpected: ['*.tmp_*', 'scratch.*'],
        waivers: [
          { ...waiver, path: null, kind: null },
          { ...waiver, path: 'price', kind: 'field-type' },
        ],
        minimumSeverity: 'critical',
        alerts: {
          remindAfterMs: { critical: HOUR / 2, warning: null, info: null },
          uncheckedAfterRuns: 3,
        },
      },
      requiredFields: [
        { name: 'created_at', type: 'TIMESTAMP', except: ['analytics_*.*'] },
        { name: 'version', type: 'STRING', except: [] },
      ],
      problems: [],
    });
  });

  test.each<{ readonly name: string; readonly alerts: object; readonly timing: object }>([
    { name: 'no time as the default', alerts: { remindAfter: {} }, timing: defaultAlerts },
    {
      name: 'null as never, for critical alone',
      alerts: { remindAfter: { critical: null } },
      timing: { ...defaultAlerts, remindAfterMs: { critical: null, warning: DAY, info: null } },
    },
    {
      name: 'null as never, for warning alone',
      alerts: { remindAfter: { warning: null } },
      timing: { ...defaultAlerts, remindAfterMs: { critical: 4 * HOUR, warning: null, info: null } },
    },
    {
      name: 'null as never, for both',
      alerts: { remindAfter: { critical: null, warning: null } },
      timing: { ...defaultAlerts, remindAfterMs: { critical: null, warning: null, info: null } },
    },
    {
      name: 'a duration in any unit',
      alerts: { remindAfter: { critical: 'PT90M', warning: 'P1W' } },
      timing: { ...defaultAlerts, remindAfterMs: { critical: 1.5 * HOUR, warning: 7 * DAY, info: null } },
    },
    {
      name: 'one run as at once',
      alerts: { uncheckedAfterRuns: 1 },
      timing: { ...defaultAlerts, uncheckedAfterRuns: 1 },
    },
    {
      name: 'many runs',
      alerts: { uncheckedAfterRuns: 24 },
      timing: { ...defaultAlerts, uncheckedAfterRuns: 24 },
    },
  ])('reads of alerts $name', async ({ alerts, timing }) => {
    expect(await load({ alerts })).toEqual({
      policy: { ...defaultPolicy, alerts: timing },
      requiredFields: [],
      problems: [],
    });
  });

  test.each<{
    readonly name: string;
    readonly content: unknown;
    readonly path: string;
    readonly message: string;
  }>([
    {
      name: 'an unknown key',
      content: { ignoreUnexpcted: [] },
      path: '$.ignoreUnexpcted',
      message: 'unknown key "ignoreUnexpcted"; did you mean "ignoreUnexpected"?',
    },
    {
      name: 'an unknown kind among the severities',
      content: { severities: { 'field-mising': 'off' } },
      path: '$.severities["field-mising"]',
      message: 'unknown key "field-mising"; did you mean "field-missing"?',
    },
    {
      name: 'a severity for __proto__',
      content: '{"severities": {"__proto__": "off"}}',
      path: '$.severities.__proto__',
      message: 'unknown key "__proto__"',
    },
    {
      name: 'a severity for constructor',
      content: { severities: { constructor: 'off' } },
      path: '$.severities.constructor',
      message: 'unknown key "constructor"',
    },
    {
      name: 'a severity below warning of what is always told',
      content: { severities: { retention: 'off' } },
      path: '$.severities.retention',
      message: 'retention cannot be set below warning: it means loss of data',
    },
    {
      name: 'a waiver of what is always told',
      content: { waivers: [{ ...waiver, kind: 'table-missing' }] },
      path: '$.waivers[0].kind',
      message: 'table-missing cannot be waived: it means loss of data',
    },
    {
      name: 'a waiver with an empty reason',
      content: { waivers: [waiver, { ...waiver, reason: '  ' }] },
      path: '$.waivers[1].reason',
      message: 'a waiver needs a reason',
    },
    {
      name: 'an unknown key of a waiver',
      content: { waivers: [{ ...waiver, untill: '2027-01-31' }] },
      path: '$.waivers[0].untill',
      message: 'unknown key "untill"; did you mean "until"?',
    },
    {
      name: 'a last day that is a moment',
      content: { waivers: [{ ...waiver, until: '2027-01-31T00:00:00Z' }] },
      path: '$.waivers[0].until',
      message: 'expected a day such as 2027-01-31',
    },
    {
      name: 'a last day that no calendar has',
      content: { waivers: [{ ...waiver, until: '2027-02-30' }] },
      path: '$.waivers[0].until',
      message: 'expected a day such as 2027-01-31',
    },
    {
      name: 'a last day in another notation',
      content: { waivers: [{ ...waiver, until: '31.01.2027' }] },
      path: '$.waivers[0].until',
      message: 'expected a day such as 2027-01-31',
    },
    {
      name: 'a reminder after no time',
      content: { alerts: { remindAfter: { critical: 'PT0S' } } },
      path: '$.alerts.remindAfter.critical',
      message: 'expected an ISO 8601 duration such as PT4H or P1D',
    },
    {
      name: 'a reminder after what is no duration',
      content: { alerts: { remindAfter: { warning: '24h' } } },
      path: '$.alerts.remindAfter.warning',
      message: 'expected an ISO 8601 duration such as PT4H or P1D',
    },
    {
      name: 'a reminder of what is only worth knowing',
      content: { alerts: { remindAfter: { info: 'P1D' } } },
      path: '$.alerts.remindAfter.info',
      message: 'unknown key "info"',
    },
    {
      name: 'an unknown key of alerts',
      content: { alerts: { remindAfer: {} } },
      path: '$.alerts.remindAfer',
      message: 'unknown key "remindAfer"; did you mean "remindAfter"?',
    },
    { name: 'a list', content: [], path: '$', message: 'expected one JSON object' },
  ])('refuses $name', async ({ content, path, message }) => {
    expect(await load(content)).toEqual({
      policy: defaultPolicy,
      requiredFields: [],
      problems: [{ file: 'policy.json', path, message }],
    });
  });

  test.each<{ readonly name: string; readonly content: unknown; readonly path: string }>([
    {
      name: 'a waiver without reason',
      content: { waivers: [{ ...waiver, reason: undefined }] },
      path: '$.waivers[0].reason',
    },
    {
      name: 'a waiver without last day',
      content: { waivers: [{ ...waiver, until: undefined }] },
      path: '$.waivers[0].until',
    },
    {
      name: 'a waiver of no table',
      content: { waivers: [{ ...waiver, table: undefined }] },
      path: '$.waivers[0].table',
    },
    {
      name: 'a severity that is none',
      content: { severities: { clustering: 'error' } },
      path: '$.severities.clustering',
    },
    {
      name: 'a least severity that is none',
      content: { alerts: { minimumSeverity: 'off' } },
      path: '$.alerts.minimumSeverity',
    },
    {
      name: 'a required field without type',
      content: { requiredFields: [{ name: 'a' }] },
      path: '$.requiredFields[0].type',
    },
    {
      name: 'a number of runs below one',
      content: { alerts: { uncheckedAfterRuns: 0 } },
      path: '$.alerts.uncheckedAfterRuns',
    },
    {
      name: 'a number of runs that is not whole',
      content: { alerts: { uncheckedAfterRuns: 1.5 } },
      path: '$.alerts.uncheckedAfterRuns',
    },
    {
      name: 'a number of runs that is never',
      content: { alerts: { uncheckedAfterRuns: null } },
      path: '$.alerts.uncheckedAfterRuns',
    },
    {
      name: 'a reminder after a number',
      content: { alerts: { remindAfter: { critical: 4 } } },
      path: '$.alerts.remindAfter.critical',
    },
    {
      name: 'no reminders at all',
      content: { alerts: { remindAfter: null } },
      path: '$.alerts.remindAfter',
    },
    { name: 'what is no JSON', content: '{', path: '$' },
  ])('gives the place of $name', async ({ content, path }) => {
    const { problems } = await load(content);
    expect(problems.map((problem) => problem.path)).toEqual([path]);
  });

  test('names the unknown kind of a waiver and the nearest one', async () => {
    const { problems } = await load({ waivers: [{ ...waiver, kind: 'field-typ' }] });
    expect(problems).toEqual([
      {
        file: 'policy.json',
        path: '$.waivers[0].kind',
        message: expect.stringMatching(/"field-typ".*did you mean "field-type"\?/),
      },
    ]);
  });

  test('lists every problem at once', async () => {
    const { problems } = await load({
      severities: { nonsense: 'off', retention: 'info' },
      waivers: [{ table: '*', kind: 'retention', until: 'soon', reason: '' }],
    });
    expect(problems.map(({ path }) => path).sort()).toEqual([
      '$.severities.nonsense',
      '$.severities.retention',
      '$.waivers[0].kind',
      '$.waivers[0].reason',
      '$.waivers[0].until',
    ]);
  });
});
