import type { DatasetOutcome, TableStatus } from '../model/report.ts';
import { counted } from '../words/printable.ts';
import { type Group, missingDataset } from '../words/subject.ts';
import { html, joinedBy, type Markup } from './markup.ts';
import {
  anchorOf,
  badge,
  consoleLink,
  dataMore,
  mark,
  ownerName,
  STATUS_WORDS,
  severityMarks,
  unreadAnchorOf,
} from './parts.ts';
import { keyOf, type View } from './view.ts';

/** Every declared table with its status; what is in sync is folded away. */
export function datasetSections(
  view: View,
  { groups, listed }: { readonly groups: readonly Group[]; readonly listed: readonly Group[] },
): readonly Markup[] {
  const found: Found = {
    findings: new Map(groups.map((group) => [keyOf(group), group.findings])),
    listed: new Set(listed.map(keyOf)),
  };
  return view.outcomes.map((outcome) => datasetSection(outcome, view, found));
}

interface Found {
  readonly findings: ReadonlyMap<string, Group['findings']>;
  /** What has an entry on this page. */
  readonly listed: ReadonlySet<string>;
}

function datasetSection(outcome: DatasetOutcome, view: View, found: Found): Markup {
  const { dataset, tables } = outcome;
  const itself = { dataset, table: null };
  const own = found.findings.get(keyOf(itself)) ?? [];
  const other = tables.filter(({ status }) => status !== 'in-sync');
  const inSync = tables.filter(({ status }) => status === 'in-sync');
  return html`
    <section class="dataset" data-group data-dataset="${dataset}">
      <h3><code>${dataset}</code></h3>
      <p class="sum">${counted(tables.length, 'table')} ${statusMarks(outcome)} ${own.length === 0 ? null : html`${found.listed.has(keyOf(itself)) ? html`<a href="#${anchorOf(itself)}">the dataset itself</a>` : 'the dataset itself'} ${severityMarks(own)}`} ${consoleLink({ dataset, table: null }, view.report.project)}</p>
      ${
        other.length === 0
          ? null
          : tableList(
              `Tables of ${dataset} that are not in sync`,
              ['Table', 'Status', 'Findings', 'Owner', 'Read by'],
              other.map((table) => row({ dataset, ...table }, view, found)),
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
                inSync.map(({ table }) => inSyncRow({ dataset, table }, view, found)),
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

function row(subject: Row & { readonly status: TableStatus }, view: View, found: Found): Markup {
  const { status } = subject;
  const { name, owner, readBy, consumers, waived, concerning, more } = cells(subject, view, found);
  return html`
    <tr data-status="${status}" data-read="${consumers}"${more}>
    <th scope="row">${name}</th>
    <td>${mark(status)} ${STATUS_WORDS[status]}${waived}</td>
    <td>${severityMarks(concerning?.findings ?? [])}${concerning?.table === null ? ' its dataset' : null}</td>
    <td>${owner}</td>
    <td>${readBy}</td></tr>`;
}

/** There may be thousands: it says as little as it can. HTML needs no end tags here. */
function inSyncRow(subject: Row, view: View, found: Found): Markup {
  const { name, owner, readBy, consumers, waived, more } = cells(subject, view, found);
  const read = consumers === '' ? null : html` data-read="${consumers}"`;
  return html`<tr${read}${more}><th scope="row">${name}${waived}<td>${owner}<td>${readBy}`;
}

/** What is wrong with a table, and where that is told: with its own entry, or with that of a dataset that is missing. */
function concerningOf({ dataset, table }: Row, found: Found): Group | null {
  const own = found.findings.get(keyOf({ dataset, table }));
  if (own !== undefined) return { dataset, table, findings: own };
  const missing = missingDataset(found.findings.get(keyOf({ dataset, table: null })) ?? []);
  return missing.length === 0 ? null : { dataset, table: null, findings: missing };
}

function cells(subject: Row, view: View, found: Found) {
  const { table } = subject;
  const code = html`<code>${table}</code>`;
  const contract = view.declaredOf(subject)?.contract;
  const consumers = [...(contract?.consumers.keys() ?? [])];
  const [until] = view
    .waiversOf(subject)
    .map((waiver) => waiver.until)
    .sort()
    .reverse();
  const concerning = concerningOf(subject, found);
  const unread = view.statusOf(subject) === 'unchecked' ? view.uncheckedOf(subject) : null;
  const isListed = concerning !== null && found.listed.has(keyOf(concerning));
  const place = isListed ? anchorOf(concerning) : unread !== null ? unreadAnchorOf(unread) : null;
  return {
    concerning,
    more: isListed ? null : dataMore(concerning?.findings ?? []),
    name: place === null ? code : html`<a href="#${place}">${code}</a>`,
    owner: contract?.owner == null ? null : ownerName(contract.owner),
    consumers: view.readBy(consumers),
    readBy: joinedBy(', ', consumers),
    waived: until === undefined ? null : html` <span class="kind">waivers until ${until}</span>`,
  };
}
