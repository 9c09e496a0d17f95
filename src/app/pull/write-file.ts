import { join } from 'node:path';
import { problemText, readJson } from '../../adapters/folders/json-file.ts';
import { fileText } from '../../files/file-text.ts';
import { isObject } from '../../metadata/parse.ts';
import type { Change, Subject } from '../../model/finding.ts';
import type { Resource } from '../../model/ports.ts';
import type { ExpectedTable, Settings } from '../../model/table.ts';
import { type Break, type Outcome, refused } from './pull-result.ts';
import type { TargetOptions } from './pull-targets.ts';

export interface WriteOptions extends Pick<TargetOptions, 'writer'> {
  /** The folder of JSON Schemas as files directly in the writer's root would name it; null: none is reachable. */
  readonly schemas: string | null;
  /** What becomes of a file that says something else; its contract is kept either way. */
  readonly existing: 'keep' | 'replace';
}

/** What is there, as the file of a dataset or table. */
export interface ExpectedFile {
  readonly subject: Subject;
  readonly file: string;
  readonly schema: 'dataset' | 'table';
  readonly content: Resource;
  /** Why a file's content would not be read. */
  readonly problemsOf: (content: Resource) => readonly { readonly path: string; readonly message: string }[];
  /** What a valid file's content states. */
  readonly statedBy: (content: Resource) => Stated;
  /** How that differs from what is there. */
  readonly changesOf: (content: Resource) => readonly Change[];
  /** What an existing file protects that what is there does not. */
  readonly weakenedBy: (existing: Resource) => readonly string[];
  readonly breaksOf: (content: Resource) => readonly Break[];
}

/** Writes the file, unless one stands there that says as much, or that is to be kept. */
export async function writeFile(options: WriteOptions, expected: ExpectedFile): Promise<Outcome> {
  const { subject, file, content, problemsOf, changesOf, weakenedBy, breaksOf } = expected;
  const place = await options.writer.look(file);
  if (place.status === 'blocked') return refused(subject, place.why);
  const kept = (why: string, weakened: readonly string[] = []): Outcome => ({
    status: 'kept',
    entry: { file, why, weakened },
  });
  const existing = place.status === 'absent' ? {} : await readExisting(join(options.writer.root, file));
  if (typeof existing === 'string') return kept(existing);
  const problems = place.status === 'absent' ? [] : problemsOf(existing);
  const weakened = () =>
    // It has not the shape that comparing relies on.
    problems.length > 0 ? ['it is invalid, so that what it protects is not known'] : weakenedBy(existing);
  if (place.status === 'file') {
    const why =
      problems.length > 0 ? `it is invalid: ${inShort(problems)}` : whyDifferent(existing, expected);
    if (why === null) return { status: 'unchanged', entry: { file, breaks: breaksOf(content) } };
    if (options.existing === 'keep') return kept(why, weakened());
  }
  const complete = completed(existing, expected, options.schemas);
  const left = problemsOf(complete);
  // With a contract that no longer fits, the file would stop every check: a person must decide.
  if (left.length > 0 && problemsOf(content).length === 0)
    return kept(`its contract does not fit what is there: ${inShort(left)}`);
  if (left.length > 0) return refused(subject, `no file can say it: ${inShort(left)}`);
  const changes = changesOf(complete);
  if (changes.length > 0) return refused(subject, `no file can say it: ${kindsOf(changes)}`);
  await options.writer.write(file, fileText(complete));
  return { status: 'written', entry: { file, breaks: breaksOf(content), weakened: weakened() } };
}

/** A text says why it cannot be read. */
async function readExisting(path: string): Promise<Resource | string> {
  const read = await readJson(path);
  if ('problems' in read) return `it ${problemText(read)}`;
  return isObject(read.value) ? read.value : 'it is no JSON object';
}

/** With what a person has written beside it. */
function completed(
  { $schema: existingSchema, contract }: Resource,
  { content, schema }: ExpectedFile,
  schemas: string | null,
): Resource {
  const reference = schemas === null ? null : `${schemas}/${schema}.schema.json`;
  const own = reference !== null && schema === 'table' ? `../${reference}` : reference;
  const $schema = typeof existingSchema === 'string' ? existingSchema : own;
  return {
    ...($schema === null ? {} : { $schema }),
    ...content,
    ...(contract === undefined || schema === 'dataset' ? {} : { contract }),
  };
}

/** Of a valid file. null: it says what is there, and all of it. */
function whyDifferent(
  existing: Resource,
  { content, problemsOf, changesOf, statedBy }: ExpectedFile,
): string | null {
  const changes = changesOf(existing);
  if (changes.length > 0) return `differs: ${kindsOf(changes)}`;
  const saysAll = problemsOf(content).length > 0 || statesAll(statedBy(existing), statedBy(content));
  return saysAll ? null : 'in sync, but states less';
}

/** Of a dataset, a table or a field. */
type Stated = Pick<ExpectedTable, 'settings' | 'fields'>;

/** Whether it states whatever another does; what values both state is not asked. */
function statesAll(existing: Stated, content: Stated): boolean {
  const byName = new Map(existing.fields?.map((field) => [field.name.toLowerCase(), field]));
  return (
    Object.keys(content).every((key) => key in existing) &&
    [...(content.settings ?? [])].every((setting) => statesSetting(existing.settings, setting)) &&
    (content.fields ?? []).every((field) => {
      const own = byName.get(field.name.toLowerCase());
      return own !== undefined && statesAll(own, field);
    })
  );
}

function statesSetting(
  existing: Settings | undefined,
  [kind, { values }]: Settings extends ReadonlyMap<infer K, infer V> ? readonly [K, V] : never,
): boolean {
  const own = existing?.get(kind);
  return own !== undefined && (own.othersAbsent || [...values.keys()].every((part) => own.values.has(part)));
}

function kindsOf(changes: readonly Change[]): string {
  return [...new Set(changes.map(({ kind }) => kind))].join(', ');
}

/** The first problem, and how many more there are. */
function inShort(problems: ReturnType<ExpectedFile['problemsOf']>): string {
  const [first] = problems;
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
  return first === undefined ? '' : `${first.path}: ${first.message}${more}`;
}
