import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EmulatedDataset, startBigQueryEmulator } from '../emulators/bigquery.ts';
import { writeFolder } from './support/folder.ts';
import { startFunction } from './support/function.ts';
import { readableText } from './support/pages.ts';

/* What is offered to be pasted, in each format, as a person gets it. */

type Json = Readonly<Record<string, unknown>>;

const column = (name: string, type: string, more: Json = {}): Json => ({ name, type, ...more });
const tableOf = (...fields: readonly Json[]): Json => ({ type: 'TABLE', schema: { fields } });
const viewOf = (query: string, view: Json = {}, more: Json = {}): Json => ({
  type: 'VIEW',
  view: { query, ...view },
  ...more,
});
const materializedOf = (query: string, more: Json = {}): Json => ({
  type: 'MATERIALIZED_VIEW',
  materializedView: { query, enableRefresh: false },
  timePartitioning: { type: 'DAY', field: 'day' },
  ...more,
});
const TAGGED = column('email', 'STRING', { policyTags: { names: ['projects/p/taxonomies/1/policyTags/2'] } });

/** By table: its file, and what BigQuery has; null: nothing. */
const TABLES: Readonly<Record<string, readonly [Json, Json | null]>> = {
  dashed: [viewOf('SELECT a FROM my-project.t.x'), viewOf('SELECT a FROM my-project.t.y')],
  pipe: [viewOf('FROM t.x\n|> WHERE a > 1\n|> SELECT a'), viewOf('FROM t.x |> SELECT a')],
  number: [
    viewOf('SELECT 1e-3 AS a, b << 2 AS c, @@project_id AS p FROM t.x'),
    viewOf('SELECT 1 AS a FROM t.x'),
  ],
  default_of: [
    tableOf(column('a', 'FLOAT', { defaultValueExpression: '1e-3' })),
    tableOf(column('a', 'FLOAT', { defaultValueExpression: '0.5' })),
  ],
  explicit: [
    viewOf('SELECT name, id FROM t.e', { useExplicitColumnNames: true }),
    viewOf('SELECT id, name FROM t.e', { useExplicitColumnNames: true }),
  ],
  legacy: [
    viewOf('SELECT a FROM [p:t.x]', { useLegacySql: true }),
    viewOf('SELECT a FROM [p:t.y]', { useLegacySql: true }),
  ],
  described: [
    viewOf('SELECT 1 AS a', {}),
    viewOf('SELECT 2 AS a', {}, { schema: { fields: [column('a', 'INTEGER', { description: 'One' })] } }),
  ],
  linked: [viewOf('SELECT a FROM t.x'), { type: 'VIEW', view: {} }],
  clustered: [
    materializedOf('SELECT day, COUNT(*) AS n FROM t.x GROUP BY day', { clustering: { fields: ['n'] } }),
    materializedOf('SELECT day, COUNT(*) AS n FROM t.x GROUP BY day'),
  ],
  gone: [materializedOf('SELECT day, COUNT(*) AS n FROM t.x GROUP BY day'), null],
  to_json: [tableOf(column('doc', 'STRING')), tableOf(column('doc', 'JSON'))],
  micros: [tableOf(column('at', 'TIMESTAMP')), tableOf(column('at', 'INTEGER'))],
  rounded: [tableOf(column('n', 'INTEGER')), tableOf(column('n', 'FLOAT'))],
  tagged: [
    tableOf(column('id', 'STRING', { mode: 'REQUIRED' }), TAGGED),
    { ...tableOf(column('id', 'STRING'), TAGGED), tableConstraints: { primaryKey: { columns: ['id'] } } },
  ],
  masked: [
    tableOf(column('id', 'STRING', { mode: 'REQUIRED' })),
    tableOf(
      column('id', 'STRING'),
      column('r', 'RECORD', { fields: [column('ssn', 'STRING', { dataPolicyList: [{ id: 'mask' }] })] }),
    ),
  ],
  renamed: [tableOf(column('gross', 'NUMERIC')), tableOf(column('gross_amount', 'NUMERIC'))],
  nested: [
    tableOf(column('r', 'RECORD', { fields: [column('a', 'STRING'), column('b', 'STRING')] })),
    tableOf(column('r', 'RECORD', { fields: [column('a', 'STRING')] })),
  ],
  dropped: [tableOf(column('id', 'STRING')), null],
};

function datasetWith(tables: typeof TABLES): EmulatedDataset {
  const answers = Object.entries(tables).flatMap(([name, [, answer]]) =>
    answer === null ? [] : [[name, answer] as [string, Record<string, unknown>]],
  );
  return { resource: { location: 'EU', maxTimeTravelHours: '48' }, tables: new Map(answers) };
}

const FORMATS = ['text', 'json', 'html', 'junit', 'slack'] as const;
type Format = (typeof FORMATS)[number];

interface PublicFix {
  readonly how: string;
  readonly statements: readonly string[];
  readonly note: string | null;
}
interface PublicFinding {
  readonly kind: string;
  readonly table: string;
  readonly expected: string | null;
  readonly actual: string | null;
  readonly hint: string | null;
  readonly fix: PublicFix;
}

const printed = new Map<Format, string>();
const findings: PublicFinding[] = [];

/** The command line as a process, asked about a project that is played. */
function drift(args: readonly string[], address: string): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', CONFIRM_SECONDS: '0', BIGQUERY_API_ENDPOINT: address };
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/cli/drift.ts', ...args], { env }, (_, stdout) => resolve(stdout));
  });
}

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drift-'));
  const warehouse = { datasets: new Map([['shop', datasetWith(TABLES)]]) };
  const bigquery = await startBigQueryEmulator({ projectId: 'p', warehouse });
  await mkdir(join(folder, 'expected', 'shop'), { recursive: true });
  for (const [name, [file]] of Object.entries(TABLES)) {
    await writeFile(join(folder, 'expected', 'shop', `${name}.json`), JSON.stringify(file));
  }
  const output = join(folder, 'report.html');
  try {
    for (const format of FORMATS) {
      const to = format === 'html' ? ['--output', output] : [];
      const args = [
        'check',
        '--project',
        'p',
        '--expected',
        join(folder, 'expected'),
        '--format',
        format,
        ...to,
      ];
      printed.set(format, await drift(args, bigquery.url));
    }
  } finally {
    await bigquery.close();
  }
  printed.set('html', readableText(await readFile(output, 'utf8')).join('\n'));
  findings.push(...(JSON.parse(printed.get('json') ?? '') as { findings: PublicFinding[] }).findings);
}, 240_000);

afterAll(() => rm(folder, { recursive: true }));

function findingOf(table: string, kind: string): PublicFinding {
  const found = findings.find((finding) => finding.table === table && finding.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} of ${table}`);
  return found;
}

const fixOf = (table: string, kind: string) => findingOf(table, kind).fix;

describe('SQL is shown and offered to the letter', () => {
  test.each(['dashed', 'pipe', 'number'])('of the view %s', (name) => {
    const [file, answer] = TABLES[name] ?? [];
    const queryOf = (each: Json | null | undefined) => (each?.['view'] as Json | undefined)?.['query'];
    const [query, found] = [queryOf(file), queryOf(answer)];
    const { expected: stated, actual, fix } = findingOf(name, 'view-query');
    expect([stated, actual, fix.statements]).toEqual([
      query,
      found,
      [`CREATE OR REPLACE VIEW \`p.shop.${name}\` AS ${query}`],
    ]);
  });

  test('of a default value', () => {
    const { expected: stated, actual, fix } = findingOf('default_of', 'field-default');
    expect([stated, actual, fix.statements]).toEqual([
      '1e-3',
      '0.5',
      ['ALTER TABLE `p.shop.default_of` ALTER COLUMN `a` SET DEFAULT 1e-3'],
    ]);
  });

  test.each(FORMATS)('in %s', (format) => {
    expect(printed.get(format)).not.toMatch(/my - project|\| (>|&gt;)|1e - 3|@ @/);
  });
});

describe('no statement is offered', () => {
  test.each([
    { table: 'explicit', kind: 'view-query', reason: 'the list of its column names' },
    { table: 'legacy', kind: 'view-query', reason: 'legacy SQL' },
    { table: 'described', kind: 'view-query', reason: 'the description of a' },
    { table: 'linked', kind: 'view-query', reason: 'holds no query' },
    { table: 'clustered', kind: 'clustering', reason: 'the partitioning, the clustering' },
    { table: 'gone', kind: 'table-missing', reason: 'that it is not refreshed by itself' },
    { table: 'to_json', kind: 'field-type', reason: 'a person has to choose how' },
    { table: 'micros', kind: 'field-type', reason: 'a person has to choose how' },
    { table: 'tagged', kind: 'field-mode', reason: 'policy tags of email, PRIMARY KEY (id)' },
    { table: 'masked', kind: 'field-mode', reason: 'data policies of r.ssn' },
  ])(
    'that would lose something, or cannot run, and the reason is said: $table',
    ({ table, kind, reason }) => {
      const { statements, note } = fixOf(table, kind);
      expect({ statements, note }).toEqual({ statements: [], note: expect.stringContaining(reason) });
    },
  );
});

describe('a statement', () => {
  test('that builds a table anew comes after the look at what the monitor cannot see', () => {
    expect(fixOf('rounded', 'field-type')).toEqual({
      how: 'rebuild',
      statements: [
        '# First: go on only where these two show no policy and no binding\nbq ls --row_access_policies p:shop.rounded',
        'bq get-iam-policy --table=true p:shop.rounded',
        'CREATE OR REPLACE TABLE `p.shop.rounded` AS SELECT * REPLACE (CAST(`n` AS INT64) AS `n`) FROM `p.shop.rounded`',
      ],
      note: expect.stringContaining('fractions are rounded away'),
    });
  });

  test('renames a column back where it was probably renamed, and adds no empty one', () => {
    expect(fixOf('renamed', 'field-missing')).toEqual({
      how: 'in-place',
      statements: ['ALTER TABLE `p.shop.renamed` RENAME COLUMN `gross_amount` TO `gross`'],
      note: expect.stringContaining('where gross_amount is a column of its own'),
    });
  });

  test('says what the file is that it needs', () => {
    expect(fixOf('nested', 'field-missing').statements).toEqual([
      '# shop.nested.schema.json: what bq show --schema --format=prettyjson p:shop.nested prints, with field "r.b" added as the last of its record (STRING)\nbq update p:shop.nested shop.nested.schema.json',
    ]);
  });

  test('that copies replaces nothing', () => {
    expect(fixOf('dropped', 'table-missing').statements[0]).toBe(
      "bq cp --no_clobber 'p:shop.dropped@<ms>' p:shop.dropped_restored",
    );
  });

  test.each(FORMATS)('stands with its danger in %s, or is not there', (format) => {
    const text = said(printed.get(format) ?? '');
    const missing = findings
      .filter(({ fix }) => fix.note !== null)
      .flatMap(({ table, kind, fix }) => {
        const isThere = fix.statements.some((statement) => text.includes(said(statement)));
        return isThere && !text.includes(said(fix.note ?? '')) ? [`${table} ${kind}`] : [];
      });
    expect(missing).toEqual([]);
    // Slack has no room for all of them.
    const shown = findings.filter(({ fix }) => fix.statements.some((each) => text.includes(said(each))));
    expect(shown.length).toBeGreaterThan(format === 'slack' ? 2 : 7);
  });
});

/** Each format is asked a little later than the one before it. */
function said(text: string): string {
  return plain(text).replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, 'MOMENT');
}

/** One spelling of what the formats wrap, escape and set apart in their own ways. */
function plain(text: string): string {
  return text
    .replace(/\\u003c/g, '<')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replace(/\\n/g, ' ')
    .replace(/\\(.)/g, '$1')
    .replaceAll('`', '')
    .replaceAll('ˋ', '')
    .replace(/[*│┃;]/g, '')
    .replace(/\s+/g, ' ');
}

describe('how long what is gone can be restored', () => {
  test.each(FORMATS)('is the window that the dataset answers, as a moment, in %s', (format) => {
    const text = plain(printed.get(format) ?? '');
    const said =
      text.match(/restore[^.]*? for 2 days after it went: until (\d{4}-\d\d-\d\d \d\d:\d\d) UTC/g) ?? [];
    expect({ isSaid: said.length > 0, ofSevenDays: text.match(/7 days (?:unless|at most)/g) }).toEqual({
      isSaid: true,
      ofSevenDays: null,
    });
  });

  test('is at most two days from now', () => {
    const [, until = ''] = /until (\S+ \S+) UTC/.exec(findingOf('dropped', 'table-missing').hint ?? '') ?? [];
    const hours = (Date.parse(`${until.replace(' ', 'T')}Z`) - Date.now()) / 3_600_000;
    // To the minute, and however long the run took.
    expect(hours > 47 && hours <= 48).toBe(true);
  });
});

test('a moment is filled into no name', async () => {
  const named = tableOf(column('id', 'STRING'), column('amount <ms>', 'NUMERIC'));
  const tables = { orders: [named, named] } as const;
  const played = await startFunction({
    expected: await writeFolder({ 'shop/orders.json': named }),
    warehouse: { datasets: new Map([['shop', datasetWith(tables)]]) },
    env: { STATE_URI: `file://${folder}/state` },
  });
  await played.callAt('2026-03-02T09:00:00.000Z');
  const lost = tableOf(column('id', 'STRING'));
  played.bigquery.warehouse.datasets.set('shop', datasetWith({ orders: [named, lost] }));
  await played.callAt('2026-03-02T10:00:00.000Z');
  const texts = JSON.stringify(played.slack.messages.map(({ payload }) => payload));
  expect(texts).toContain('ADD COLUMN IF NOT EXISTS `amount &lt;ms&gt;` NUMERIC;');
  expect(texts).toContain(`orders@${Date.parse('2026-03-02T09:00:00.000Z')}`);
});
