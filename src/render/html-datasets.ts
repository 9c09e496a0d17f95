import type { DatasetOutcome, TableStatus } from '../model/report.ts';
import { type Group, missingDataset } from './group.ts';
import {
  anchorOf,
  badge,
  consoleLink,
  mark,
  ownerName,
  STATUS_WORDS,
  severityMarks,
  unreadAnchorOf,
} from './html-parts.ts';
import { keyOf, type View } from './html-view.ts';
import { html, joinedBy, type Markup } from './markup.ts';
import { counted } from './printable.ts';

/** Every declared table with its status; what is in sync is folded away. */
export function datasetSections(view: View, groups: readonly Group[]): readonly Markup[] {
  const findings = new Map(groups.map((group) => [keyOf(group), group.findings]));
  return view.outcomes.map((outcome) => datasetSection(outcome, view, findings));
}

type FindingsOf = ReadonlyMap<string, Group['findings']>;

function datasetSection(outcome: DatasetOutcome, view: View, findings: FindingsOf): Markup {
  const { dataset, tables } = outcome;
  const own = findings.get(keyOf({ dataset, table: null })) ?? [];
  const other = tables.filter(({ status }) => status !== 'in-sync');
  const inSync = tables.filter(({ status }) => status === 'in-sync');
  return html`
    <section class="dataset" data-group data-dataset="${dataset}">
      <h3><code>${dataset}</code></h3>
      <p class="sum">${counted(tables.length, 'table')} ${statusMarks(outcome)} ${own.length === 0 ? null : html`<a href="#${anchorOf({ dataset, table: null })}">the dataset itself</a> ${severityMarks(own)}`} ${consoleLink({ dataset, table: null }, view.report.project)}</p>
      ${
        other.length === 0
          ? null
          : tableList(
              `Tables of ${dataset} that are not in sync`,
              ['Table', 'Status', 'Findings', 'Owner', 'Read by'],
              other.map((table) => row({ dataset, ...table }, view, findings)),
            )
      }
      ${
        inSync.length === 0
          ? null
          : html`
            <details class="fold" data-fold>
              <summary>${counted(inSync.length, 'table')} in sync</summary>
              ${tableList(
                `Tables of ${dataset} that are in sync`,
                ['Table', 'Owner', 'Read by'],
                inSync.map(({ table }) => inSyncRow({ dataset, table }, view, findings)),
              )}
            </details>`
      }
    </section>`;
}

function tableList(label: string, columns: readonly string[], rows: readonly Markup[]): Markup {
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label="${label}">
      <table class="tables">
        <thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
        <tbody>${rows}</tbody>
      </table>
    </div>`;
}

function statusMarks({ tables }: DatasetOutcome): readonly Markup[] {
  return (['drifted', 'unchecked', 'in-sync'] as const).flatMap((status) => {
    const count = tables.filter((table) => table.status === status).length;
    return count === 0 ? [] : [badge(status, `${count} ${STATUS_WORDS[status]}`)];
  });
}

interface Row {
  readonly dataset: string;
  readonly table: string;
}

function row(subject: Row & { readonly status: TableStatus }, view: View, findings: FindingsOf): Markup {
  const { status } = subject;
  const { name, owner, readBy, consumers, waived, concerning } = cells(subject, view, findings);
  return html`
    <tr data-status="${status}" data-read="${consumers}">
    <th scope="row">${name}</th>
    <td>${mark(status)} ${STATUS_WORDS[status]}${waived}</td>
    <td>${severityMarks(concerning?.findings ?? [])}${concerning?.table === null ? ' its dataset' : null}</td>
    <td>${owner}</td>
    <td>${readBy}</td></tr>`;
}

/** There may be thousands: it says as little as it can. HTML needs no end tags here. */
function inSyncRow(subject: Row, view: View, findings: FindingsOf): Markup {
  const { name, owner, readBy, consumers, waived } = cells(subject, view, findings);
  const read = consumers === '' ? null : html` data-read="${consumers}"`;
  return html`<tr${read}><th scope="row">${name}${waived}<td>${owner}<td>${readBy}`;
}

/** What is wrong with a table, and where that is told: with its own entry, or with that of a dataset that is missing. */
function concerningOf({ dataset, table }: Row, findings: FindingsOf): Group | null {
  const own = findings.get(keyOf({ dataset, table }));
  if (own !== undefined) return { dataset, table, findings: own };
  const missing = missingDataset(findings.get(keyOf({ dataset, table: null })) ?? []);
  return missing.length === 0 ? null : { dataset, table: null, findings: missing };
}

function cells(subject: Row, view: View, findings: FindingsOf) {
  const { table } = subject;
  const code = html`<code>${table}</code>`;
  const contract = view.declaredOf(subject)?.contract;
  const consumers = [...(contract?.consumers.keys() ?? [])];
  const [until] = view
    .waiversOf(subject)
    .map((waiver) => waiver.until)
    .sort()
    .reverse();
  const concerning = concerningOf(subject, findings);
  const unread = view.statusOf(subject) === 'unchecked' ? view.uncheckedOf(subject) : null;
  const place = concerning !== null ? anchorOf(concerning) : unread !== null ? unreadAnchorOf(unread) : null;
  return {
    concerning,
    name: place === null ? code : html`<a href="#${place}">${code}</a>`,
    owner: contract?.owner == null ? null : ownerName(contract.owner),
    consumers: view.readBy(consumers),
    readBy: joinedBy(', ', consumers),
    waived: until === undefined ? null : html` <span class="kind">waivers until ${until}</span>`,
  };
}
