import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import type { DatasetOutcome, Report } from '../../src/model/report.ts';
import { outcomesOf } from '../../src/model/scan-result.ts';
import type { Severity } from '../../src/model/severity.ts';
import { renderJunit } from '../../src/output/junit.ts';
import { playedPage } from '../support/pages.ts';
import { REPORTS } from '../support/reports.ts';

const schema = await readFile('test/fixtures/junit/junit.xsd', 'utf8');

async function problemsOf(xml: string): Promise<readonly string[]> {
  const { errors } = await validateXML({
    xml: { fileName: 'report.xml', contents: xml },
    schema: { fileName: 'junit.xsd', contents: schema },
  });
  return errors.map(({ message }) => message);
}

function reportOf(name: string): Report {
  const report = REPORTS[name];
  if (report === undefined) throw new Error(`there is no report ${name}`);
  return report;
}

/** What the reports say of the tables that they name, and of some that are in sync. */
const OUTCOMES: readonly DatasetOutcome[] = [
  {
    dataset: 'analytics',
    read: true,
    tables: [
      { table: 'lightspeed_products', status: 'unchecked' },
      { table: 'lightspeed_transactions', status: 'in-sync' },
    ],
  },
  {
    dataset: 'commerce',
    read: true,
    tables: [
      { table: 'raffle_tickets', status: 'drifted' },
      { table: 'square_items', status: 'in-sync' },
      { table: 'square_payments', status: 'drifted' },
    ],
  },
  { dataset: 'customer_memory', read: true, tables: [{ table: 'customer_profiles', status: 'drifted' }] },
];

function junit(name: string, failOn: Severity = 'warning', outcomes = OUTCOMES): string {
  return renderJunit(reportOf(name), outcomes, { failOn });
}

/** The elements of a report without what is written in them, as they follow each other. */
function outline(xml: string): readonly string[] {
  return [...xml.matchAll(/<(testsuite|testcase|failure|skipped|system-out)\b([^>]*)>/g)].map(
    ([, element = '', attributes = '']) => {
      const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1];
      return element === 'testsuite'
        ? `${value('name')}: ${value('tests')} tests, ${value('failures')} failed, ${value('skipped')} skipped`
        : `  ${element} ${value('classname') ?? ''} ${value('name') ?? value('type') ?? ''}`.trimEnd();
    },
  );
}

describe('the schema', () => {
  test('refuses what a reader of JUnit would', async () => {
    const valid = junit('one-finding');
    expect(await problemsOf(valid)).toEqual([]);
    for (const broken of [
      valid.replace('tests="', 'test="'),
      valid.replace('time="0"', 'time="a while"'),
      valid.replace('<testcase name=', '<testcase title='),
      valid.replaceAll('failure', 'problem'),
      valid.replace('</testsuites>', ''),
      valid.replace(/timestamp="[^"]*/, '$&Z'),
    ]) {
      expect(await problemsOf(broken).catch(() => ['not well-formed'])).not.toEqual([]);
    }
  });

  test.each(Object.keys(REPORTS))('is that of the report %s, whatever fails', async (name) => {
    for (const failOn of ['critical', 'warning', 'info'] as const) {
      expect(await problemsOf(junit(name, failOn))).toEqual([]);
    }
  });
});

describe('renderJunit', () => {
  test('has a suite for each dataset, a case for each table, a failure for each finding', () => {
    expect(outline(junit('every-part'))).toEqual([
      'analytics: 3 tests, 1 failed, 1 skipped',
      '  testcase analytics dataset analytics',
      '  failure  dataset-location',
      '  testcase analytics lightspeed_products',
      '  skipped',
      '  testcase analytics lightspeed_transactions',
      'commerce: 3 tests, 2 failed, 0 skipped',
      '  testcase commerce raffle_tickets',
      '  failure  partitioning-missing',
      '  testcase commerce square_items',
      '  system-out',
      '  testcase commerce square_payments',
      '  failure  field-missing',
      '  failure  field-type',
      'customer_memory: 1 tests, 1 failed, 0 skipped',
      '  testcase customer_memory customer_profiles',
      '  failure  retention',
      'the list of datasets: 1 tests, 0 failed, 1 skipped',
      '  testcase * the list of datasets',
      '  skipped',
    ]);
  });

  test('fails from the severity on that fails the command', () => {
    const failures = (failOn: Severity) =>
      outline(junit('every-part', failOn)).filter((line) => line.startsWith('  failure')).length;
    expect([failures('critical'), failures('warning'), failures('info')]).toEqual([4, 5, 6]);
  });

  test('says of a failure what on-call must know', () => {
    const [, failure] = /(<failure type="retention"[\s\S]*?<\/failure>)/.exec(junit('every-part')) ?? [];
    expect(failure).toBe(
      [
        '<failure type="retention" message="partitions expire before the contract allows it: expected at least 2 years (P2Y), found 30 days">severity: critical',
        'read by: reasoning-gateway, compliance',
        'owner: data team &lt;data@example.com&gt;',
        'BigQuery deletes expired partitions without a log entry.</failure>',
      ].join('\n'),
    );
  });

  test('skips every table of a dataset that could not be read, with its cause', () => {
    const report = {
      ...reportOf('in-sync'),
      unchecked: [{ dataset: 'analytics', table: null, reason: 'denied', detail: 'HTTP 403' } as const],
    };
    const outcomes = [
      {
        dataset: 'analytics',
        read: false,
        tables: [
          { table: 'a', status: 'unchecked' },
          { table: 'b', status: 'unchecked' },
        ],
      },
    ] as const;
    const xml = renderJunit(report, outcomes, { failOn: 'warning' });
    expect(outline(xml)[0]).toBe('analytics: 3 tests, 0 failed, 3 skipped');
    const skipped = `<skipped message="access denied; HTTP 403; grant roles/bigquery.metadataViewer to the account that this runs as"/>`;
    expect(xml.split(skipped)).toHaveLength(4);
  });

  test('fails every table of a dataset that is missing, but none of another', async () => {
    const page = await playedPage({
      files: {
        'sales/orders.json': { type: 'TABLE' },
        'sales/items.json': { type: 'TABLE' },
        'crm/leads.json': { type: 'TABLE' },
      },
      runs: [{ 'crm.json': {}, 'crm/leads.json': { type: 'TABLE' } }],
    });
    expect(outline(renderJunit(page.report, outcomesOf(page.scan), { failOn: 'warning' }))).toEqual([
      'crm: 1 tests, 0 failed, 0 skipped',
      '  testcase crm leads',
      'sales: 3 tests, 3 failed, 0 skipped',
      '  testcase sales dataset sales',
      '  failure  dataset-missing',
      '  testcase sales items',
      '  failure  dataset-missing',
      '  testcase sales orders',
      '  failure  dataset-missing',
    ]);
  });

  test('says of what could not be checked for two reasons the first', () => {
    const entry = { dataset: 'analytics', table: null } as const;
    const report = {
      ...reportOf('in-sync'),
      unchecked: [
        { ...entry, reason: 'denied', detail: 'datasets.get' } as const,
        { ...entry, reason: 'unavailable', detail: 'tables.list' } as const,
      ],
    };
    const xml = renderJunit(report, OUTCOMES, { failOn: 'warning' });
    expect([xml.includes('access denied; datasets.get'), xml.includes('tables.list')]).toEqual([true, false]);
  });

  test('does not skip what differs as well', async () => {
    const report = reportOf('every-part');
    const unchecked = [
      { dataset: 'analytics', table: null, reason: 'throttled', detail: 'HTTP 403' } as const,
    ];
    const xml = renderJunit({ ...report, unchecked }, OUTCOMES, { failOn: 'warning' });
    expect(outline(xml).slice(1, 4)).toEqual([
      '  testcase analytics dataset analytics',
      '  failure  dataset-location',
      '  system-out',
    ]);
    expect(await problemsOf(xml)).toEqual([]);
  });

  test('lists what no file declares after what is declared', () => {
    const report = reportOf('hostile-names');
    const lines = outline(renderJunit(report, OUTCOMES, { failOn: 'warning' }));
    expect(
      lines
        .slice(lines.findIndex((line) => line.startsWith('customer_memory')))
        .map((line) => line.split(' ', 4).join(' ')),
    ).toEqual([
      'customer_memory: 1 tests, 0',
      '  testcase customer_memory',
      'd: 1 tests, 1',
      '  testcase d',
      '  failure ',
      '  system-out',
    ]);
  });
});
