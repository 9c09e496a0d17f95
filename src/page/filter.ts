import { SEVERITIES } from '../model/severity.ts';
import { html, type Markup } from './markup.ts';
import { mark, STATUS_WORDS } from './parts.ts';
import type { EntryStatus, View } from './view.ts';

/** What the script filters by; without a script there is nothing to filter with, so it is hidden until then. */
export function filterForm(view: View): Markup {
  const { report, outcomes } = view;
  const datasets = new Set([
    ...outcomes.map(({ dataset }) => dataset),
    ...report.findings.map(({ dataset }) => dataset),
  ]);
  const kinds = countsOf(report.findings.map(({ kind }) => kind));
  const statuses: readonly EntryStatus[] = report.findings.some(
    (finding) => view.statusOf(finding) === 'undeclared',
  )
    ? ['drifted', 'unchecked', 'in-sync', 'undeclared']
    : ['drifted', 'unchecked', 'in-sync'];
  return html`
    <form id="filter" role="search" aria-label="Filter this page" autocomplete="off" hidden>
      <input type="search" name="q" aria-label="Search" placeholder="Search tables, fields, owners, values">
      ${select(
        'dataset',
        'every dataset',
        [...datasets].sort().map((dataset) => [dataset, dataset] as const),
      )}
      ${select(
        'kind',
        'every kind',
        [...kinds].sort().map(([kind, count]) => [kind, `${kind} (${count})`] as const),
      )}
      ${select(
        'consumer',
        'read by anybody',
        view.consumers.map((consumer) => [consumer, consumer] as const),
      )}
      <div class="choices">
      <fieldset><legend class="unseen">Severity</legend>${SEVERITIES.map((severity) => choice('severity', severity, severity))}</fieldset>
      <fieldset><legend class="unseen">Status</legend>${statuses.map((status) => choice('status', status, STATUS_WORDS[status]))}</fieldset>
      <p class="result"><output id="count" aria-live="polite"></output> <button type="reset">Clear</button></p>
      </div>
    </form>`;
}

function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function select(
  name: string,
  all: string,
  options: readonly (readonly [value: string, text: string])[],
): Markup {
  return html`<select name="${name}" aria-label="${name}"><option value="">${all}</option>${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}</select>`;
}

function choice(name: string, value: EntryStatus | (typeof SEVERITIES)[number], label: string): Markup {
  return html`<label class="choice"><input type="checkbox" name="${name}" value="${value}">${mark(value)} ${label}</label>`;
}
