import { fieldMode, fieldType } from '../kinds/field.ts';
import { kindRow } from '../kinds/index.ts';
import { tableMissing, tableType } from '../kinds/table.ts';
import { isVerbatim, sayValue } from '../kinds/words.ts';
import type { FieldLine, FieldSide, SettingLine, TableDetails } from '../model/details.ts';
import type { Finding, Kind } from '../model/finding.ts';
import type { Contract } from '../model/table.ts';
import type { Value } from '../model/value.ts';
import { counted } from '../words/printable.ts';
import { html, type Markup } from './markup.ts';

/** Expected beside actual, the differing cells marked: the settings of the table, then the tree of its fields. */
export function comparison(
  details: TableDetails,
  { findings, contract }: { readonly findings: readonly Finding[]; readonly contract: Contract | null },
): Markup {
  const settings = details.settings.map((line) => settingRow(line, { findings, contract }));
  const isShown = ({ kind }: Finding) => details.settings.some((line) => isLineOf(line.kind, kind));
  const others = findings.filter((finding) => finding.path === null && !isShown(finding));
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

function labelOf(kind: Kind): string {
  return kindRow(kind).label ?? kind;
}

/** Of a missing table the type differs, where it is shown. */
function isLineOf(line: Kind, kind: Kind): boolean {
  return labelOf(line) === labelOf(kind) || (line === tableType.id && kind === tableMissing.id);
}

function isMarked(finding: Finding, line: Kind): boolean {
  if (isLineOf(line, finding.kind)) return true;
  const isCause = kindRow(finding.kind).hides?.(finding, { kind: line, path: null }) === true;
  return finding.context?.type === 'caused-by' && isCause;
}

function settingRow(
  { kind, expected, actual }: SettingLine,
  { findings, contract }: { readonly findings: readonly Finding[]; readonly contract: Contract | null },
): Markup {
  const differs = findings.some((finding) => isMarked(finding, kind));
  const said = (value: Value | null | undefined, side: 'expected' | 'actual') => {
    if (value === undefined)
      return html`<span class="none">${side === 'expected' ? 'not stated' : 'nothing is there'}</span>`;
    const beside = kindRow(kind).words.sayBeside?.(value) ?? null;
    const word = beside ?? sayValue(kind, value, { side, contract });
    return beside === null && isVerbatim(kind, value) ? html`<code>${word}</code>` : html`${word}`;
  };
  return html`
    <tr><th scope="row">${labelOf(kind)}</th>
    <td>${said(expected, 'expected')}</td>
    ${actualCell(said(actual, 'actual'), differs)}</tr>`;
}

/** A cell that differs is marked by more than its colour. */
function actualCell(content: Markup, differs: boolean): Markup {
  return differs
    ? html`<td class="differs"><mark>${content}</mark><span class="unseen"> differs</span></td>`
    : html`<td>${content}</td>`;
}

/** A setting that is only told where it differs. */
function otherRow(finding: Finding): Markup {
  return html`
    <tr><th scope="row">${labelOf(finding.kind)}</th>
    <td>${value(finding, 'expected')}</td>
    ${actualCell(value(finding, 'actual'), true)}</tr>`;
}

/** A value as it stands in BigQuery, or the word for it. */
export function value(finding: Finding, side: 'expected' | 'actual'): Markup {
  const word = finding.words[side];
  return isVerbatim(finding.kind, finding[side]) ? html`<code>${word}</code>` : html`${word}`;
}

function fieldRows(line: FieldLine, findings: readonly Finding[]): readonly Markup[] {
  const { path, name, depth, expected, actual } = line;
  const own = findings.filter((finding) => finding.path === path && kindRow(finding.kind).scope === 'field');
  const differs = (kind: Kind) => own.some((finding) => finding.kind === kind);
  const rest = own.filter(({ kind }) => kindRow(kind).label !== undefined);
  const marks = { type: differs(fieldType.id), mode: differs(fieldMode.id) };
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
  return html`
    <tr><th scope="row">${leaf(depth, html`<span>${labelOf(finding.kind)}</span>`)}</th>
    <td>${value(finding, 'expected')}</td>
    ${actualCell(value(finding, 'actual'), true)}</tr>`;
}
