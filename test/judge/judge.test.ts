import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { compareFindings, fingerprintOf, isDrift, isLapsed, judge } from '../../src/judge/judge.ts';
import { KINDS } from '../../src/kinds/index.ts';
import type { Change, Kind } from '../../src/model/finding.ts';
import type { Policy, Waiver } from '../../src/model/policy.ts';
import type { Severity } from '../../src/model/severity.ts';
import type { Contract } from '../../src/model/table.ts';

const NOW = new Date('2026-11-22T12:00:00Z');

const contract: Contract = {
  owner: '<!subteam^S0PAYMENTS>',
  retention: null,
  criticalFields: ['amount', 'address.city'],
  consumers: new Map([
    ['integration-service', ['id', 'Address']],
    ['reports', ['address.geo.lat', 'amount']],
  ]),
  runbook: 'https://runbooks.example/payments',
  extraFields: 'report',
};

const policy: Policy = {
  severities: new Map(),
  ignoreUnexpected: [],
  waivers: [],
  minimumSeverity: 'warning',
  alerts: { remindAfterMs: { critical: null, warning: null, info: null }, uncheckedAfterRuns: 2 },
};

/** Table `commerce.payments`, whose dataset is named `commerce_staging` in BigQuery. */
const about = {
  project: 'shop',
  dataset: 'commerce_staging',
  declaredAs: 'commerce',
  table: 'payments',
  contracts: [contract],
  now: NOW,
};

function change(kind: Kind, path: string | null = null): Change {
  return { kind, path, expected: 'this', actual: 'that' };
}

function severityOf(kind: Kind, path: string | null, severities: Policy['severities'] = new Map()) {
  return judge([change(kind, path)], about, { ...policy, severities }).open.map(({ severity }) => severity);
}

describe('judge', () => {
  test('weighs a change into a finding with all that is known of it', () => {
    expect(judge([change('field-type', 'amount')], about, policy)).toEqual({
      open: [
        {
          kind: 'field-type',
          path: 'amount',
          expected: 'this',
          actual: 'that',
          dataset: 'commerce_staging',
          table: 'payments',
          severity: 'critical',
          fingerprint: fingerprintOf({
            project: 'shop',
            kind: 'field-type',
            dataset: 'commerce_staging',
            table: 'payments',
            path: 'amount',
          }),
          consumers: ['reports'],
          owner: '<!subteam^S0PAYMENTS>',
          runbook: 'https://runbooks.example/payments',
        },
      ],
      waived: [],
    });
  });

  test('finds nothing in no change', () => {
    expect(judge([], about, policy)).toEqual({ open: [], waived: [] });
  });

  test.each(KINDS)(
    'gives $id its default severity, $severity, where nobody relies on it',
    ({ id, scope, severity }) => {
      expect(severityOf(id, scope === 'field' ? 'note' : null)).toEqual([severity]);
    },
  );

  test.each<{ readonly path: string; readonly severity: Severity; readonly because: string }>([
    { path: 'amount', severity: 'critical', because: 'it is critical' },
    { path: 'AMOUNT', severity: 'critical', because: 'it is critical, in another letter case' },
    { path: 'id', severity: 'critical', because: 'it is consumed' },
    { path: 'address', severity: 'critical', because: 'a field beneath it is critical' },
    { path: 'address.geo', severity: 'critical', because: 'a field beneath it is consumed' },
    { path: 'address.zip.prefix', severity: 'critical', because: 'a field above it is consumed' },
    { path: 'amount.part', severity: 'critical', because: 'a field above it is critical' },
    { path: 'note', severity: 'warning', because: 'nobody relies on it' },
    { path: 'amount2', severity: 'warning', because: 'a name that begins alike is another name' },
    { path: 'addres', severity: 'warning', because: 'a beginning of a name is another name' },
    {
      path: 'customer.amount',
      severity: 'warning',
      because: 'a field of the same name elsewhere is another',
    },
  ])('weighs a type or mode of $path as $severity: $because', ({ path, severity }) => {
    expect([severityOf('field-type', path), severityOf('field-mode', path)]).toEqual([
      [severity],
      [severity],
    ]);
  });

  test('leaves an unexpected field info even beneath one that is relied on', () => {
    expect(severityOf('field-unexpected', 'address.street')).toEqual(['info']);
  });

  test.each<{ readonly kind: Kind; readonly path: string | null; readonly ordered: Severity | 'off' }>([
    { kind: 'field-missing', path: 'amount', ordered: 'info' },
    { kind: 'field-type', path: 'amount', ordered: 'warning' },
    { kind: 'field-unexpected', path: 'note', ordered: 'critical' },
    { kind: 'clustering', path: null, ordered: 'critical' },
  ])('weighs $kind as $ordered where the policy says so', ({ kind, path, ordered }) => {
    expect(severityOf(kind, path, new Map([[kind, ordered]]))).toEqual([ordered]);
  });

  test('finds neither open nor waived what the policy turns off', () => {
    const waivers = [{ table: '*', path: null, kind: null, until: '2027-01-31', reason: 'migration' }];
    const silenced: Policy = { ...policy, severities: new Map([['clustering', 'off']]), waivers };
    expect(judge([change('clustering')], about, silenced)).toEqual({ open: [], waived: [] });
  });

  test.each<{ readonly kind: Kind; readonly path: string | null; readonly consumers: readonly string[] }>([
    { kind: 'table-missing', path: null, consumers: ['integration-service', 'reports'] },
    { kind: 'clustering', path: null, consumers: ['integration-service', 'reports'] },
    { kind: 'field-missing', path: 'id', consumers: ['integration-service'] },
    { kind: 'field-missing', path: 'amount', consumers: ['reports'] },
    { kind: 'field-missing', path: 'ADDRESS.GEO', consumers: ['integration-service', 'reports'] },
    { kind: 'field-missing', path: 'address.zip', consumers: ['integration-service'] },
    { kind: 'field-missing', path: 'note', consumers: [] },
    { kind: 'field-unexpected', path: 'address.street', consumers: ['integration-service'] },
  ])('names who reads what $kind of $path is about: $consumers', ({ kind, path, consumers }) => {
    expect(judge([change(kind, path)], about, policy).open.map((finding) => finding.consumers)).toEqual([
      consumers,
    ]);
  });

  test.each([
    {
      name: 'names the owner and the runbook on which all tables of a missing dataset agree',
      contracts: [contract, { ...contract, consumers: new Map([['reports', ['x']]]) }],
      known: {
        consumers: ['integration-service', 'reports'],
        owner: contract.owner,
        runbook: contract.runbook,
      },
    },
    {
      name: 'names no owner and no runbook where the tables of a missing dataset have several',
      contracts: [
        contract,
        { ...contract, owner: 'data team', runbook: null, consumers: new Map([['ml', ['x']]]) },
      ],
      known: { consumers: ['integration-service', 'reports', 'ml'], owner: null, runbook: null },
    },
    {
      name: 'names nobody where nothing is declared',
      contracts: [],
      known: { consumers: [], owner: null, runbook: null },
    },
  ])('$name', ({ contracts, known }) => {
    const { open } = judge([change('dataset-missing')], { ...about, table: null, contracts }, policy);
    expect(open.map(({ consumers, owner, runbook }) => ({ consumers, owner, runbook }))).toEqual([known]);
  });
});

describe('a waiver', () => {
  const waiver: Waiver = {
    table: 'commerce.payments',
    path: null,
    kind: null,
    until: '2027-01-31',
    reason: 'migration 4711',
  };

  function isWaived(finding: Change, part: Partial<Waiver>, now = NOW, table: string | null = 'payments') {
    const waivers = [{ ...waiver, ...part }];
    const { open, waived } = judge([finding], { ...about, table, now }, { ...policy, waivers });
    expect(open.length + waived.length).toBe(1);
    return waived.length === 1;
  }

  test('moves a finding, and stands beside it', () => {
    const changes = [change('clustering'), change('field-missing', 'amount')];
    const waivers = [{ ...waiver, kind: 'clustering' as const }];
    const { open, waived } = judge(changes, about, { ...policy, waivers });
    expect({
      open: open.map(({ kind }) => kind),
      waived: waived.map(({ finding, waivers: [found] }) => [finding.kind, finding.severity, found]),
    }).toEqual({ open: ['field-missing'], waived: [['clustering', 'warning', waivers[0]]] });
  });

  const city = change('field-type', 'Address.City');

  test.each([
    { name: 'without path and kind covers a field', finding: city, part: {}, waived: true },
    { name: 'without path and kind covers the table', finding: change('clustering'), part: {}, waived: true },
    { name: 'of a pattern covers its tables', finding: city, part: { table: 'commerce.*' }, waived: true },
    { name: 'of another table does not', finding: city, part: { table: 'commerce.raffles' }, waived: false },
    {
      name: "is written in the dataset's declared name, not its real one",
      finding: city,
      part: { table: 'commerce_staging.payments' },
      waived: false,
    },
    { name: 'covers its own path', finding: city, part: { path: 'address.city' }, waived: true },
    { name: 'covers what lies beneath its path', finding: city, part: { path: 'ADDRESS' }, waived: true },
    {
      name: 'does not cover what lies above',
      finding: city,
      part: { path: 'address.city.x' },
      waived: false,
    },
    { name: 'does not cover a longer name', finding: city, part: { path: 'addr' }, waived: false },
    {
      name: 'of a path does not cover what has none',
      finding: change('clustering'),
      part: { path: 'address' },
      waived: false,
    },
    { name: 'covers its kind', finding: city, part: { kind: 'field-type' as const }, waived: true },
    {
      name: 'does not cover another kind',
      finding: city,
      part: { kind: 'field-mode' as const },
      waived: false,
    },
    {
      name: 'needs both its path and its kind',
      finding: city,
      part: { kind: 'field-type' as const, path: 'amount' },
      waived: false,
    },
  ])('$name', ({ finding, part, waived }) => {
    expect(isWaived(finding, part)).toBe(waived);
  });

  test.each([
    { table: 'commerce.*', waived: true },
    { table: 'commerce', waived: true },
    { table: 'commerce.payments', waived: false },
  ])('of $table says $waived to covering the dataset itself', ({ table, waived }) => {
    expect(isWaived(change('dataset-location'), { table }, NOW, null)).toBe(waived);
  });

  test.each(KINDS.filter((row) => 'cannotBeWaived' in row))('never silences $id', ({ id }) => {
    expect([isWaived(change(id), {}), isWaived(change(id), { kind: id })]).toEqual([false, false]);
  });

  test.each([
    { now: '2026-11-22T12:00:00.000Z', waived: true },
    { now: '2027-01-31T00:00:00.000Z', waived: true },
    { now: '2027-01-31T23:59:59.999Z', waived: true },
    { now: '2027-02-01T00:00:00.000Z', waived: false },
    { now: '2028-01-01T00:00:00.000Z', waived: false },
  ])('until 2027-01-31 says $waived at $now', ({ now, waived }) => {
    expect([isWaived(city, {}, new Date(now)), isLapsed('2027-01-31', new Date(now))]).toEqual([
      waived,
      !waived,
    ]);
  });

  test('that has lapsed gives way to a later one', () => {
    const later = { ...waiver, until: '2027-06-30', reason: 'prolonged' };
    const lapsed = { ...waiver, until: '2026-01-01' };
    const { waived } = judge([city], about, { ...policy, waivers: [lapsed, later] });
    expect(waived.map(({ waivers: [found] }) => found)).toEqual([later]);
  });

  test('that has lapsed is named by what it covered: the latest of several', () => {
    const lapsed = ['2026-03-31', '2026-06-30', '2026-01-31'].map((until) => ({
      ...waiver,
      until,
      reason: `until ${until}`,
    }));
    const elsewhere = { ...waiver, table: 'commerce.orders', until: '2026-07-31' };
    const { open } = judge([city], about, { ...policy, waivers: [...lapsed, elsewhere] });
    expect(open.map(({ lapsedWaiver }) => lapsedWaiver)).toEqual([
      { until: '2026-06-30', reason: 'until 2026-06-30' },
    ]);
  });
});

describe('fingerprintOf', () => {
  const identity = {
    project: 'shop',
    kind: 'field-type',
    dataset: 'commerce',
    table: 'payments',
    path: 'Address.City',
  } as const;

  function documented(key: readonly (string | null)[]): string {
    return createHash('sha256').update(JSON.stringify(key), 'utf8').digest('hex').slice(0, 12);
  }

  test.each([
    {
      name: 'the path in lower case',
      identity,
      key: ['shop', 'field-type', 'commerce', 'payments', 'address.city'],
    },
    {
      name: 'no path as null',
      identity: { ...identity, kind: 'clustering', path: null } as const,
      key: ['shop', 'clustering', 'commerce', 'payments', null],
    },
    {
      name: 'no table as null',
      identity: { ...identity, kind: 'dataset-missing', table: null, path: null } as const,
      key: ['shop', 'dataset-missing', 'commerce', null, null],
    },
    {
      name: 'no project as empty text',
      identity: { ...identity, project: null },
      key: ['', 'field-type', 'commerce', 'payments', 'address.city'],
    },
    {
      name: 'table and dataset in their own letter case, and any letter as UTF-8',
      identity: { ...identity, dataset: 'Commerce', table: 'Заказы', path: 'Имя' },
      key: ['shop', 'field-type', 'Commerce', 'Заказы', 'имя'],
    },
  ])('hashes $name', ({ identity: about_, key }) => {
    expect(fingerprintOf(about_)).toBe(documented(key));
  });

  test('is public: it has not changed since the first release', () => {
    expect(fingerprintOf(identity)).toBe('45ef21d14c15');
  });

  test('does not depend on values or severity', () => {
    const fingerprints = [
      judge([{ kind: 'clustering', path: null, expected: 'a', actual: 'b' }], about, policy),
      judge([{ kind: 'clustering', path: null, expected: 'c', actual: null }], about, {
        ...policy,
        severities: new Map([['clustering', 'info']]),
      }),
    ].flatMap(({ open }) => open.map(({ fingerprint }) => fingerprint));
    expect(new Set(fingerprints).size).toBe(1);
  });
});

describe('compareFindings', () => {
  type Ordered = Parameters<typeof compareFindings>[0];

  const sorted: readonly Ordered[] = [
    { severity: 'critical', dataset: 'b', table: 't', path: null, kind: 'clustering' },
    { severity: 'warning', dataset: 'B', table: 't', path: null, kind: 'clustering' },
    { severity: 'warning', dataset: 'a', table: null, path: null, kind: 'dataset-location' },
    { severity: 'warning', dataset: 'a', table: 'T', path: 'x', kind: 'field-mode' },
    { severity: 'warning', dataset: 'a', table: 't', path: null, kind: 'clustering' },
    { severity: 'warning', dataset: 'a', table: 't', path: null, kind: 'retention' },
    { severity: 'warning', dataset: 'a', table: 't', path: 'a', kind: 'field-type' },
    { severity: 'warning', dataset: 'a', table: 't', path: 'a.b', kind: 'field-mode' },
    { severity: 'warning', dataset: 'a', table: 't', path: 'a.b', kind: 'field-type' },
    { severity: 'warning', dataset: 'a', table: 'ta', path: null, kind: 'clustering' },
    { severity: 'warning', dataset: 'a', table: 'ä', path: null, kind: 'clustering' },
    { severity: 'info', dataset: 'a', table: null, path: null, kind: 'dataset-unexpected' },
  ];

  test('sorts by severity, dataset, table, path and kind, absent before present', () => {
    expect(sorted.toReversed().sort(compareFindings)).toEqual(sorted);
  });

  test('finds a finding no later than itself', () => {
    expect(sorted.map((finding) => compareFindings(finding, { ...finding }))).toEqual(sorted.map(() => 0));
  });
});

test.each([
  { severity: 'critical', drift: true },
  { severity: 'warning', drift: true },
  { severity: 'info', drift: false },
] as const)('says $drift to whether $severity is drift', ({ severity, drift }) => {
  expect(isDrift({ severity })).toBe(drift);
});
