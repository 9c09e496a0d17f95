import { describe, expect, test } from 'vitest';
import { KINDS } from '../../src/kinds/index.ts';
import { explain } from '../../src/kinds/words.ts';
import type { Judged, Kind } from '../../src/model/finding.ts';
import type { Contract } from '../../src/model/table.ts';

const DAY = 86_400_000;

const contract: Contract = {
  owner: null,
  retention: { text: 'P7Y', ms: 7 * 365 * DAY },
  criticalFields: [],
  consumers: new Map(),
  runbook: null,
  extraFields: 'report',
};

function judged(part: Pick<Judged, 'kind' | 'expected' | 'actual'> & Partial<Judged>): Judged {
  return {
    path: null,
    dataset: 'commerce',
    table: 'payments',
    severity: 'critical',
    fingerprint: '0123456789ab',
    consumers: [],
    owner: null,
    runbook: null,
    ...part,
  };
}

interface Sentence {
  readonly kind: Kind;
  readonly path?: string;
  readonly expected: string | null;
  readonly actual: string | null;
  readonly message: string;
}

const SENTENCES: readonly Sentence[] = [
  {
    kind: 'dataset-missing',
    expected: 'commerce',
    actual: null,
    message: 'the dataset is missing: expected commerce, found nothing',
  },
  {
    kind: 'dataset-unexpected',
    expected: null,
    actual: 'scratch',
    message: 'no file declares this dataset: expected nothing, found scratch',
  },
  {
    kind: 'dataset-location',
    expected: 'EU',
    actual: 'US',
    message: 'the dataset is in another location: expected EU, found US',
  },
  {
    kind: 'dataset-table-expiration',
    expected: null,
    actual: String(60 * DAY),
    message: 'the default expiration of new tables differs: expected never, found 60 days',
  },
  {
    kind: 'dataset-partition-expiration',
    expected: String(365 * DAY),
    actual: null,
    message: 'the default expiration of partitions in new tables differs: expected 1 year, found never',
  },
  {
    kind: 'dataset-time-travel',
    expected: '48',
    actual: null,
    message: 'the time travel window differs: expected 2 days, found 7 days',
  },
  {
    kind: 'dataset-time-travel',
    expected: null,
    actual: '72',
    message: 'the time travel window differs: expected 7 days, found 3 days',
  },
  {
    kind: 'dataset-encryption',
    expected: 'projects/p/locations/eu/keyRings/r/cryptoKeys/k',
    actual: null,
    message:
      "the default encryption key differs: expected projects/p/locations/eu/keyRings/r/cryptoKeys/k, found Google's key",
  },
  {
    kind: 'dataset-collation',
    expected: 'und:ci',
    actual: null,
    message: 'the default collation differs: expected und:ci, found none',
  },
  {
    kind: 'dataset-labels',
    expected: 'team=sales',
    actual: null,
    message: 'the labels differ: expected team=sales, found none',
  },
  {
    kind: 'dataset-description',
    expected: null,
    actual: 'Shop',
    message: 'the description differs: expected none, found Shop',
  },
  {
    kind: 'table-missing',
    expected: 'TABLE',
    actual: null,
    message: 'the table is missing: expected TABLE, found nothing',
  },
  {
    kind: 'table-unexpected',
    expected: null,
    actual: 'VIEW',
    message: 'no file declares this table: expected nothing, found VIEW',
  },
  {
    kind: 'table-type',
    expected: 'TABLE',
    actual: 'VIEW',
    message: 'the table is of another type: expected TABLE, found VIEW',
  },
  {
    kind: 'table-expiration',
    expected: null,
    actual: '1800000000000',
    message: 'the expiration of the table differs: expected never, found 2027-01-15 08:00 UTC',
  },
  {
    kind: 'table-expiration',
    expected: '1800000000000',
    actual: null,
    message: 'the expiration of the table differs: expected that it expires, found never',
  },
  {
    kind: 'table-encryption',
    expected: null,
    actual: 'projects/p/locations/eu/keyRings/r/cryptoKeys/k',
    message:
      "the encryption key differs: expected Google's key, found projects/p/locations/eu/keyRings/r/cryptoKeys/k",
  },
  {
    kind: 'table-collation',
    expected: null,
    actual: 'und:ci',
    message: 'the default collation differs: expected none, found und:ci',
  },
  {
    kind: 'table-constraints',
    expected: 'PRIMARY KEY (id)',
    actual: null,
    message: 'the primary or foreign keys differ: expected PRIMARY KEY (id), found none',
  },
  {
    kind: 'table-labels',
    expected: 'team=sales',
    actual: 'team=web',
    message: 'the labels differ: expected team=sales, found team=web',
  },
  {
    kind: 'table-description',
    expected: 'Orders',
    actual: 'Order lines',
    message: 'the description differs: expected Orders, found Order lines',
  },
  {
    kind: 'view-query',
    expected: 'SELECT 1',
    actual: 'SELECT 2',
    message: 'the query of the view differs: expected SELECT 1, found SELECT 2',
  },
  {
    kind: 'view-query',
    expected: 'SELECT 1 --\r\n\t+ 1',
    actual: 'SELECT 1\n\n+ 2',
    message: 'the query of the view differs: expected SELECT 1 -- + 1, found SELECT 1 + 2',
  },
  {
    kind: 'external-source',
    expected: 'PARQUET, gs://b/*',
    actual: 'CSV',
    message: 'the source of the external table differs: expected PARQUET, gs://b/*, found CSV',
  },
  {
    kind: 'field-missing',
    path: 'address.city',
    expected: 'STRING',
    actual: null,
    message: 'field address.city is missing: expected STRING, found nothing',
  },
  {
    kind: 'field-unexpected',
    path: 'note',
    expected: null,
    actual: 'ARRAY<STRING>',
    message: 'field note is not declared: expected nothing, found ARRAY<STRING>',
  },
  {
    kind: 'field-type',
    path: 'amount',
    expected: 'NUMERIC(10, 2)',
    actual: 'FLOAT64',
    message: 'field amount is of another type: expected NUMERIC(10, 2), found FLOAT64',
  },
  {
    kind: 'field-mode',
    path: 'id',
    expected: 'REQUIRED',
    actual: 'NULLABLE',
    message: 'field id is of another mode: expected REQUIRED, found NULLABLE',
  },
  {
    kind: 'field-default',
    path: 'day',
    expected: 'CURRENT_DATE()',
    actual: null,
    message: 'the default value of field day differs: expected CURRENT_DATE(), found none',
  },
  {
    kind: 'field-collation',
    path: 'name',
    expected: 'und:ci',
    actual: null,
    message: 'the collation of field name differs: expected und:ci, found none',
  },
  {
    kind: 'field-rounding-mode',
    path: 'amount',
    expected: 'ROUND_HALF_EVEN',
    actual: null,
    message: 'the rounding mode of field amount differs: expected ROUND_HALF_EVEN, found none',
  },
  {
    kind: 'field-policy-tags',
    path: 'person.mail',
    expected: 'projects/p/locations/eu/taxonomies/1/policyTags/2',
    actual: null,
    message:
      'the policy tags of field person.mail differ: expected projects/p/locations/eu/taxonomies/1/policyTags/2, found none',
  },
  {
    kind: 'field-description',
    path: 'amount',
    expected: null,
    actual: 'In euros',
    message: 'the description of field amount differs: expected none, found In euros',
  },
  {
    kind: 'partitioning-missing',
    expected: 'DAY(created_at)',
    actual: null,
    message: 'the partitioning is missing: expected DAY(created_at), found none',
  },
  {
    kind: 'partitioning-unexpected',
    expected: null,
    actual: 'RANGE(id, 0, 100, 10)',
    message: 'the table is partitioned: expected none, found RANGE(id, 0, 100, 10)',
  },
  {
    kind: 'partitioning-different',
    expected: 'DAY(created_at)',
    actual: 'HOUR(_PARTITIONTIME)',
    message: 'the partitioning differs: expected DAY(created_at), found HOUR(_PARTITIONTIME)',
  },
  {
    kind: 'partition-expiration',
    expected: null,
    actual: String(90 * DAY),
    message: 'the expiration of partitions differs: expected never, found 90 days',
  },
  {
    kind: 'partition-filter',
    expected: 'true',
    actual: 'false',
    message: 'whether a query must filter by partition differs: expected true, found false',
  },
  {
    kind: 'clustering',
    expected: 'customer_id, id',
    actual: null,
    message: 'the clustering differs: expected customer_id, id, found none',
  },
  {
    kind: 'retention',
    expected: String(7 * 365 * DAY),
    actual: String(90 * DAY),
    message:
      'partitions expire before the contract allows it: expected at least 7 years (P7Y), found 90 days',
  },
];

describe('explain', () => {
  test.each(SENTENCES)('says of $kind both values: $message', ({ message, ...change }) => {
    expect(explain(judged(change), contract).message).toBe(message);
  });

  test('has a sentence above for every kind', () => {
    expect([...new Set(SENTENCES.map(({ kind }) => kind))]).toEqual(KINDS.map(({ id }) => id));
  });

  test('keeps the finding, and adds words, message, hint and fix', () => {
    const finding = judged({ kind: 'partitioning-missing', expected: 'DAY(at)', actual: null });
    expect(explain(finding, contract)).toEqual({
      ...finding,
      words: { what: 'the partitioning is missing', expected: 'DAY(at)', actual: 'none' },
      message: 'the partitioning is missing: expected DAY(at), found none',
      hint: 'Partitioning is set when a table is created: repairing it takes a new table.',
      fix: null,
    });
  });

  test('leaves the place of the path open, so that a renderer can set it apart', () => {
    const { words } = explain(
      judged({ kind: 'field-missing', path: 'a', expected: 'DATE', actual: null }),
      null,
    );
    expect(words).toEqual({ what: 'field {path} is missing', expected: 'DATE', actual: 'nothing' });
  });

  test.each(["$&$'$1", '{path}', '<!channel>'])('says the path %s as it is', (path) => {
    const { message } = explain(
      judged({ kind: 'field-missing', path, expected: 'DATE', actual: null }),
      null,
    );
    expect(message).toBe(`field ${path} is missing: expected DATE, found nothing`);
  });

  test('says a retention in words where there is no contract at hand', () => {
    const finding = judged({ kind: 'retention', expected: String(30 * DAY), actual: String(-DAY) });
    expect(explain(finding, null).words).toMatchObject({
      expected: 'at least 30 days',
      actual: 'minus 1 day',
    });
  });

  test.each(KINDS)('hints at $id, if at all, in whole sentences', ({ id }) => {
    const { hint } = explain(judged({ kind: id, path: 'a', expected: '1', actual: '1' }), contract);
    expect(hint ?? 'None.').toMatch(/^[A-Z].*\.$/);
  });

  test('hints that a column without its policy tag is open', () => {
    const change = judged({ kind: 'field-policy-tags', path: 'mail', expected: 'tag', actual: null });
    expect(explain(change, contract).hint).toBe(
      'Without its policy tag a column is open to everybody who may read the table.',
    );
  });

  /** Of long texts the words show where they part, and at most this many letters. */
  const MAX_SAID = 121;

  test.each([
    { name: 'at the end', before: 'a'.repeat(500), after: '' },
    { name: 'in the middle', before: 'SELECT column, '.repeat(40), after: ' FROM t'.repeat(40) },
    { name: 'at the start', before: '', after: ' FROM t'.repeat(40) },
    { name: 'after line breaks', before: 'a,\n\t'.repeat(200), after: '' },
    { name: 'after letters of two code units', before: `'😀' ${'a'.repeat(500)}`, after: '' },
    { name: 'after many letters of two code units', before: '😀'.repeat(300), after: '' },
    { name: 'inside a letter of two code units', before: `${'a'.repeat(500)}😀`, after: '' },
  ])('shows where two long texts part, $name', ({ before, after }) => {
    const change = judged({
      kind: 'view-query',
      expected: `${before}ONE${after}`,
      actual: `${before}TWO${after}`,
    });
    const { expected, actual } = explain(change, contract).words;
    expect({ expected, actual }).toEqual({
      expected: expect.stringContaining('ONE'),
      actual: expect.stringContaining('TWO'),
    });
    for (const said of [expected, actual]) {
      expect([...said].length).toBeLessThanOrEqual(MAX_SAID);
      expect(said.isWellFormed()).toBe(true);
    }
  });

  test('shows the end of the longer of two texts where the other is its start', () => {
    const text = 'a'.repeat(200);
    const { words } = explain(
      judged({ kind: 'view-query', expected: text, actual: `${text} LIMIT 1` }),
      contract,
    );
    expect(words).toMatchObject({
      expected: `…${'a'.repeat(30)}`,
      actual: `…${'a'.repeat(30)} LIMIT 1`,
    });
  });

  test('says whole what is no longer than 120 letters', () => {
    const expected = 'a'.repeat(120);
    const { words } = explain(judged({ kind: 'table-description', expected, actual: null }), contract);
    expect(words).toMatchObject({ expected, actual: 'none' });
  });

  test('has words for an expiration further off than a calendar reaches', () => {
    const finding = judged({ kind: 'table-expiration', expected: null, actual: '9223372036854775807' });
    expect(explain(finding, contract).message).toMatch(
      /^the expiration of the table differs: expected never, found .+/,
    );
  });
});
