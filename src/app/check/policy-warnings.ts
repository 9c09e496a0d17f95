import { isLapsed } from '../../judge/judge.ts';
import { kindRow, saysUndeclared } from '../../kinds/index.ts';
import { fieldFinder } from '../../metadata/fields.ts';
import { didYouMean } from '../../model/did-you-mean.ts';
import type { Subject } from '../../model/finding.ts';
import { matchesPattern } from '../../model/pattern.ts';
import type { Policy, RequiredField, Waiver } from '../../model/policy.ts';
import type { DeclaredDataset, DeclaredTable } from '../../model/table.ts';
import { subjectName } from '../../words/subject.ts';
import type { InspectedDataset } from './dataset.ts';
import { isCompared, MISSING_WITH_DATASET } from './read-result.ts';
import type { Inspected } from './report.ts';

/*
 * What in a policy does nothing, since a misspelt name in it is silent: what it was to cover is told all the same, or, worse, is
 * covered by something else. Only what is known is said: of the files alone, what they declare.
 */

interface PolicyFacts {
  readonly policy: Policy;
  readonly requiredFields: readonly RequiredField[];
  readonly declared: readonly DeclaredDataset[];
  readonly now: Date;
}

/** What of the policy a check put to use. */
interface Used {
  /** Patterns of `ignoreUnexpected` that covered something. */
  readonly patterns: ReadonlySet<string>;
  /** Waivers that covered a finding. */
  readonly waivers: ReadonlySet<Waiver>;
}

/** The same of a check that saw all that there is. */
type Seen = Used;

interface Checked extends Used {
  readonly inspected: Inspected;
  /** Why not everything was looked at; null: it was. */
  readonly isPart: 'selection' | 'partition' | null;
}

const YEAR_MS = 366 * 86_400_000;

/** Of the files alone, as `drift validate` reads them. */
export function policyWarningsOfFiles(facts: PolicyFacts): readonly string[] {
  const { policy, now } = facts;
  return [
    ...policy.waivers.flatMap((waiver) => {
      const own = lapsedWarning(waiver, now) ?? uncoveringWaiver(waiver, facts, null);
      return own === null ? [...untrueWaiver(waiver, facts), ...longWaiver(waiver, now)] : [own];
    }),
    ...patternWarnings(facts, null),
  ];
}

/** After a check. */
export function policyWarningsOfCheck(facts: PolicyFacts, checked: Checked): readonly string[] {
  const waivers = waiverWarnings(facts, checked);
  if (checked.isPart === 'selection') return waivers;
  return [...waivers, ...nameWarnings(facts, isAllSeen(checked) ? checked : null)];
}

/** A waiver is a promise: one that is over, or that matches nothing where all it could match was read, is said. */
function waiverWarnings(
  { policy, now, declared }: PolicyFacts,
  { inspected, waivers: matched }: Checked,
): readonly string[] {
  const read = new Set(inspected.datasets.flatMap(readSubjects).map(subjectName));
  const all = declared.flatMap(({ declaredAs: dataset, tables }): readonly Subject[] => [
    { dataset, table: null },
    ...tables.map(({ table }) => ({ dataset, table })),
  ]);
  return policy.waivers.flatMap((waiver) => {
    const lapsed = lapsedWarning(waiver, now);
    if (lapsed !== null) return [lapsed];
    const covered = all.filter((subject) => matchesPattern(waiver.table, subject));
    const isAllRead = covered.length > 0 && covered.every((subject) => read.has(subjectName(subject)));
    return matched.has(waiver) || !isAllRead
      ? []
      : [`the waiver for ${waiverName(waiver)} matches nothing: remove it`];
  });
}

/** Whether there is nothing, declared or not, that was not looked at. */
function isAllSeen({ inspected, isPart }: Checked): boolean {
  const { datasets, undeclaredDatasets } = inspected;
  const isComplete = datasets.every(({ isComplete, result }) => isComplete || result.status === 'missing');
  return isPart === null && undeclaredDatasets.isComplete && isComplete;
}

function readSubjects({ declared, isWhole, result, tables }: InspectedDataset): readonly Subject[] {
  // With the dataset missing its tables were not asked about.
  const readTables = tables.filter(
    (table) => isCompared(table.result) && table.result !== MISSING_WITH_DATASET,
  );
  const dataset = declared.declaredAs;
  return [
    ...(isCompared(result) && isWhole ? [{ dataset, table: null }] : []),
    ...readTables.map((table) => ({ dataset, table: table.declared.table })),
  ];
}

/** null: not all was seen, so that only what no table can have is said. */
function nameWarnings(facts: PolicyFacts, seen: Seen | null): readonly string[] {
  const { waivers, ignoreUnexpected } = facts.policy;
  const mayBeSaid = (pattern: string) => seen !== null || isImpossible(pattern);
  const policy = { ...facts.policy, ignoreUnexpected: ignoreUnexpected.filter(mayBeSaid) };
  return [
    ...waivers.flatMap((waiver) => {
      if (isLapsed(waiver.until, facts.now) || !mayBeSaid(waiver.table)) return [];
      const said = uncoveringWaiver(waiver, facts, seen);
      return said === null ? [] : [said];
    }),
    ...patternWarnings({ ...facts, policy }, seen),
  ];
}

function lapsedWarning(waiver: Waiver, now: Date): string | null {
  const { until, reason } = waiver;
  return isLapsed(until, now) ? `the waiver for ${waiverName(waiver)} lapsed on ${until}: ${reason}` : null;
}

function waiverName({ table, path, kind }: Waiver): string {
  return [table, path, kind].filter((part) => part !== null).join(' ');
}

/** Of what no file declares it may cover that it is there. */
function uncoveringWaiver(waiver: Waiver, { declared }: PolicyFacts, seen: Seen | null): string | null {
  const { table: pattern, kind } = waiver;
  if (coversDeclared(pattern, declared)) return null;
  if (seen?.waivers.has(waiver) === true) return null;
  const mayBeUndeclared = kind !== null && saysUndeclared(kind);
  if (mayBeUndeclared && seen === null && !isImpossible(pattern)) return null;
  const what = seen === null ? 'nothing that is declared' : 'nothing that is declared or was found';
  return `the waiver for ${waiverName(waiver)} covers ${what}${meant(pattern, declared)}`;
}

/** Where the path, or the kind, is of nothing in the tables that it covers. */
function untrueWaiver(waiver: Waiver, { declared }: PolicyFacts): readonly string[] {
  const { table: pattern, path, kind } = waiver;
  const name = waiverName(waiver);
  if (path !== null && kind !== null && kindRow(kind).scope !== 'field')
    return [`the waiver for ${name} covers nothing: ${kind} is about no field, so leave the path out`];
  if (kind !== null && kindRow(kind).scope !== 'dataset' && isPlainName(pattern))
    return [`the waiver for ${name} covers nothing: say ${pattern}.* for the tables of ${pattern}`];
  if (path === null || (kind !== null && kindRow(kind).means === 'undeclared')) return [];
  const tables = tablesOf(declared).filter(({ subject }) => matchesPattern(pattern, subject));
  const fields = tables.map(({ table }) => fieldsOf(table));
  // Without a stated schema any field may be there.
  if (fields.length === 0 || fields.some((each) => each === null || fieldFinder(each)(path))) return [];
  const names = fields.flatMap((each) => (each ?? []).map((field) => field.name));
  return [`the waiver for ${name} names a field that no such file declares${didYouMean(path, names)}`];
}

function longWaiver(waiver: Waiver, now: Date): readonly string[] {
  if (Date.parse(waiver.until) - now.getTime() < YEAR_MS) return [];
  return [
    `the waiver for ${waiverName(waiver)} holds until ${waiver.until}, for more than a year: what is meant for good belongs into the expected file, or into severities`,
  ];
}

function patternWarnings(
  { policy, requiredFields, declared }: PolicyFacts,
  seen: Seen | null,
): readonly string[] {
  const ignoring = policy.ignoreUnexpected.flatMap((pattern) => {
    const why = whyIgnoresNothing(pattern, declared, seen);
    return why === null ? [] : [`ignoreUnexpected ${JSON.stringify(pattern)} ${why}`];
  });
  const excepting = requiredFields.flatMap(({ name, except }) =>
    except
      .filter((pattern) => !tablesOf(declared).some(({ subject }) => matchesPattern(pattern, subject)))
      .map(
        (pattern) =>
          `requiredFields ${name}: except ${JSON.stringify(pattern)} covers no declared table${meant(pattern, declared)}`,
      ),
  );
  return [...ignoring, ...excepting];
}

function whyIgnoresNothing(
  pattern: string,
  declared: readonly DeclaredDataset[],
  seen: Seen | null,
): string | null {
  if (isImpossible(pattern)) return `covers nothing${meant(pattern, declared)}`;
  if (isPlainName(pattern) && seen?.patterns.has(pattern) !== true)
    return `covers a dataset alone, none of its tables: say ${pattern}.*`;
  if (coversDeclared(pattern, declared) || seen?.patterns.has(pattern) === true) return null;
  const [dataset = '', table = ''] = pattern.split('.');
  // A precaution for all datasets, such as `*.tmp_*`, need not cover anything at the moment.
  if (/^\*+$/.test(dataset)) return null;
  if (seen !== null) return `covers nothing that is declared or was found${meant(pattern, declared)}`;
  // `scratch.*` also means the dataset itself, which nobody declares.
  const isOfDataset = declared.some(({ declaredAs }) =>
    matchesPattern(dataset, { dataset: declaredAs, table: null }),
  );
  if (table === '' || /^\*+$/.test(table) || isOfDataset) return null;
  return `covers nothing: no file declares a dataset ${dataset}, and only tables of declared datasets are looked at${meant(pattern, declared)}`;
}

function coversDeclared(pattern: string, declared: readonly DeclaredDataset[]): boolean {
  return declared.some(
    ({ declaredAs: dataset, tables }) =>
      matchesPattern(pattern, { dataset, table: null }) ||
      tables.some(({ table }) => matchesPattern(pattern, { dataset, table })),
  );
}

/** A dot in front of the table is all there is in a name, and no dataset's has a colon or a hyphen. */
function isImpossible(pattern: string): boolean {
  const [dataset = '', ...others] = pattern.split('.');
  return others.length > 1 || /[^\w*]/.test(dataset);
}

/** Of a dataset, without a table. */
function isPlainName(pattern: string): boolean {
  return /^\w+$/.test(pattern);
}

/** What was perhaps meant: the same without the project, or what is declared and nearly the same. */
function meant(pattern: string, declared: readonly DeclaredDataset[]): string {
  const [, withoutProject = pattern] = /^[^*]*?[:.]([^.:]+\.[^.:]+)$/.exec(pattern) ?? [];
  if (withoutProject !== pattern) return `; leave the project out: ${JSON.stringify(withoutProject)}`;
  const datasets = declared.map(({ declaredAs }) => declaredAs);
  const [dataset = '', table] = pattern.split('.');
  if (table === undefined || datasets.includes(dataset)) {
    if (table?.includes('*') === true) return '';
    const tables = declared.flatMap(({ declaredAs, tables: own }) =>
      declaredAs === dataset ? own.map((each) => `${declaredAs}.${each.table}`) : [],
    );
    return didYouMean(pattern, [...tables, ...datasets]);
  }
  return didYouMean(
    pattern,
    datasets.map((name) => `${name}.${table}`),
  );
}

function tablesOf(
  declared: readonly DeclaredDataset[],
): readonly { readonly subject: Subject; readonly table: DeclaredTable }[] {
  return declared.flatMap(({ declaredAs, tables }) =>
    tables.map((table) => ({ subject: { dataset: declaredAs, table: table.table }, table })),
  );
}

/** null: the file states none, or is no longer the one that was checked. */
function fieldsOf(table: DeclaredTable) {
  const stated = table.readExpected();
  return stated.status === 'found' ? (stated.value.fields ?? null) : null;
}
