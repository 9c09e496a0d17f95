import { kindRow } from '../kinds/index.ts';
import { isVerbatim, sayValue, shownValues } from '../kinds/words.ts';
import type { FieldLine, FieldSide, SettingLine, TableDetails } from '../model/details.ts';
import type { Finding, Kind } from '../model/finding.ts';
import type { Contract } from '../model/table.ts';
import { type Value, valueText } from '../model/value.ts';
import { counted } from '../words/printable.ts';
import { html, type Markup } from './markup.ts';

/** Expected beside actual, the differing cells marked: the settings of the table, then the tree of its fields. */
export function comparison(
  details: TableDetails,
  { findings, contract }: { readonly findings: readonly Finding[]; readonly contract: Contract | null },
): Markup {
  const settings = details.settings.map((line) => settingRow(line, { findings, contract }));
  const shown = new Set(details.settings.flatMap(({ kind }) => family(kind)));
  const others = findings.filter(({ kind, path }) => path === null && !shown.has(kind));
  const left = details.fieldsLeft;
  const fields = details.fields.flatMap((line) => fieldRows(line, findings));
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="Expected beside actual">
      ${fields.length === 0 ? null : comparisonTable('Field', fields)}
      ${comparisonTable('Setting', [...settings, ...others.map(otherRow)])}
    </div>
    ${left === 0 ? null : html`<p class="note">${counted(left, 'more field')} that ${left === 1 ? 'differs' : 'differ'}: drift check names all.</p>`}`;
}

function comparisonTable(label: string, rows: readonly Markup[]): Markup {
  return html`
    <table class="compare">
      <thead><tr><th scope="col">${label}</th><th scope="col">Expected</th><th scope="col">Actual</th></tr></thead>
      <tbody>${rows}</tbody>
    </table>`;
}

const LABELS: Readonly<Partial<Record<Kind, string>>> = {
  'table-type': 'Type',
  'partitioning-different': 'Partitioning',
  'partition-expiration': 'Partitions expire',
  'partition-filter': 'Partition filter',
  clustering: 'Clustering',
  'table-expiration': 'Table expires',
  retention: 'Data is kept',
  'table-encryption': 'Encryption key',
  'table-collation': 'Default collation',
  'table-constraints': 'Keys',
  'table-labels': 'Labels',
  'table-description': 'Description',
  'view-query': 'Query',
  'external-source': 'Source',
};

/** The kinds that a line of settings is about. */
function family(kind: Kind): readonly Kind[] {
  return kind === 'partitioning-different'
    ? ['partitioning-missing', 'partitioning-unexpected', 'partitioning-different']
    : kind === 'table-type'
      ? ['table-type', 'table-missing']
      : [kind];
}

function settingRow(
  { kind, expected, actual }: SettingLine,
  { findings, contract }: { readonly findings: readonly Finding[]; readonly contract: Contract | null },
): Markup {
  const kinds = family(kind);
  const differs = findings.some(
    (finding) =>
      kinds.includes(finding.kind) ||
      (finding.context?.type === 'caused-by' && finding.context.kind === kind),
  );
  const said = (value: Value | null | undefined, side: 'expected' | 'actual') => {
    if (value === undefined)
      return html`<span class="none">${side === 'expected' ? 'not stated' : 'nothing is there'}</span>`;
    const word = settingWord(kind, value, { side, contract });
    return isVerbatim(valueText(value), word) ? html`<code>${word}</code>` : html`${word}`;
  };
  return html`
    <tr><th scope="row">${LABELS[kind] ?? kind}</th>
    <td>${said(expected, 'expected')}</td>
    ${actualCell(said(actual, 'actual'), differs)}</tr>`;
}

function settingWord(
  kind: Kind,
  value: Value | null,
  told: { readonly side: 'expected' | 'actual'; readonly contract: Contract | null },
): string {
  if (kind === 'partition-filter') return value === 'true' ? 'required' : 'not required';
  if (kind === 'retention' && value === null) return 'for ever';
  return sayValue(kind, value, told);
}

/** A cell that differs is marked by more than its colour. */
function actualCell(content: Markup, differs: boolean): Markup {
  return differs
    ? html`<td class="differs"><mark>${content}</mark><span class="unseen"> differs</span></td>`
    : html`<td>${content}</td>`;
}

/** A setting that is only told where it differs. */
function otherRow(finding: Finding): Markup {
  const { words, kind } = finding;
  const { expected, actual } = shownValues(finding);
  return html`
    <tr><th scope="row">${LABELS[kind] ?? kind}</th>
    <td>${value(expected, words.expected)}</td>
    ${actualCell(value(actual, words.actual), true)}</tr>`;
}

/** A value as it stands in BigQuery, or the word for it. */
export function value(canonical: string | null, word: string): Markup {
  return isVerbatim(canonical, word) ? html`<code>${word}</code>` : html`${word}`;
}

function fieldRows(line: FieldLine, findings: readonly Finding[]): readonly Markup[] {
  const { path, name, depth, expected, actual } = line;
  const own = findings.filter((finding) => finding.path === path && kindRow(finding.kind).scope === 'field');
  const differs = (kind: Kind) => own.some((finding) => finding.kind === kind);
  const rest = own.filter(({ kind }) => !TOLD_BY_SIDES.includes(kind));
  const marks = { type: differs('field-type'), mode: differs('field-mode') };
  const isMarked = marks.type || marks.mode;
  const head = html`
    <tr><th scope="row">${leaf(depth, html`<code>${name}</code>`)}</th>
    <td>${expected === null ? html`<span class="none">not declared</span>` : side(expected, marks, 'plain')}</td>
    ${
      actual === null
        ? actualCell(html`missing`, true)
        : expected === null
          ? actualCell(side(actual, marks, 'plain'), true)
          : html`<td${isMarked ? html` class="differs"` : null}>${side(actual, marks, 'marked')}</td>`
    }</tr>`;
  return [head, ...rest.map((finding) => fieldSettingRow(finding, depth + 1))];
}

const TOLD_BY_SIDES: readonly Kind[] = ['field-missing', 'field-unexpected', 'field-type', 'field-mode'];

/** As far in as it is deep, all of its lines. */
function leaf(depth: number, name: Markup): Markup {
  if (depth === 0) return name;
  return html`<span class="leaf">${Array.from({ length: depth }, () => html`<i class="deep"></i>`)}${name}</span>`;
}

/** NULLABLE goes without saying, unless it is what differs. */
function side(
  { type, mode }: FieldSide,
  differs: { readonly type: boolean; readonly mode: boolean },
  how: 'plain' | 'marked',
): Markup {
  const part = (text: string, isMarked: boolean) =>
    isMarked && how === 'marked'
      ? html`<mark><code>${text}</code></mark><span class="unseen"> differs</span>`
      : html`<code>${text}</code>`;
  if (mode === 'NULLABLE' && !differs.mode) return part(type, differs.type);
  return html`${part(type, differs.type)} ${part(mode, differs.mode)}`;
}

/** A default, a description, a policy tag of the field above it. */
function fieldSettingRow(finding: Finding, depth: number): Markup {
  const { words, kind } = finding;
  const { expected, actual } = shownValues(finding);
  const label = kind.replace(/^field-/, '').replaceAll('-', ' ');
  return html`
    <tr><th scope="row">${leaf(depth, html`<span>${label}</span>`)}</th>
    <td>${value(expected, words.expected)}</td>
    ${actualCell(value(actual, words.actual), true)}</tr>`;
}
