import type { Kind } from '../model/finding.ts';
import type { Settings } from '../model/table.ts';
import { writtenText } from '../model/value.ts';
import type { FixCase } from './repair-case.ts';

/*
 * The words that statements are made of. Names come from files and from BigQuery, so each is quoted as
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/lexical asks: backslash escapes are the same in
 * quoted identifiers and in strings.
 */

type Subject = FixCase['subject'];

export function identifier(name: string): string {
  return `\`${escaped(name, '`')}\``;
}

export function identifiers(names: readonly string[]): string {
  return names.map(identifier).join(', ');
}

export function literal(text: string): string {
  return `'${escaped(text, "'")}'`;
}

export function literalOrNull(text: string | null): string {
  return text === null ? 'NULL' : literal(text);
}

function escaped(text: string, quote: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll(quote, `\\${quote}`)
    .replaceAll('\n', '\\n')
    .replace(/[\p{Cc}\u2028\u2029]/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `p.d.t`, or another table of the same dataset. */
export function tablePath({ project, dataset, table }: Subject, suffix = ''): string {
  return pathOf(project, dataset, `${table}${suffix}`);
}

export function datasetPath({ project, dataset }: Subject): string {
  return pathOf(project, dataset);
}

export function pathOf(project: string | null, ...names: readonly string[]): string {
  return identifier([...(project === null ? [] : [project]), ...names].join('.'));
}

/** `name = 'value'` in a list of options; empty: it has none. */
export function option(name: string, value: string | null): readonly string[] {
  return value === null ? [] : [`${name} = ${literal(value)}`];
}

/** ` OPTIONS (…)`; empty: there is none. */
export function optionsClause(options: readonly string[]): string {
  return options.length === 0 ? '' : ` OPTIONS (${options.join(', ')})`;
}

/** The text of a setting with one value, to the letter; null: BigQuery's default, or not stated. */
export function settingText(settings: Settings | undefined, kind: Kind): string | null {
  return writtenText(settings?.get(kind)?.values.get('') ?? null);
}

const MS_PER_DAY = 86_400_000n;

/** Options count in days what the API counts in milliseconds. */
export function days(milliseconds: string | null): string {
  if (milliseconds === null) return 'NULL';
  const ms = BigInt(milliseconds);
  return ms % MS_PER_DAY === 0n ? String(ms / MS_PER_DAY) : String(Number(ms) / Number(MS_PER_DAY));
}

/** One word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w.:/@%+=,-]+$/.test(text) ? text : inQuotes(text);
}

export function inQuotes(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** What `bq` calls the table or dataset. */
export function bqName(subject: Subject, suffix = ''): string {
  return shellWord(bqText(subject, suffix));
}

export function bqText({ project, dataset, table }: Subject, suffix = ''): string {
  const name = table === null ? dataset : `${dataset}.${table}${suffix}`;
  return project === null ? name : `${project}:${name}`;
}
