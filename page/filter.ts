/* What a reader asked to see, as the address of the page says it after its `#`. */

export interface Filter {
  readonly q: string;
  readonly dataset: string;
  readonly kind: string;
  readonly consumer: string;
  /** Empty: any. */
  readonly severity: readonly string[];
  readonly status: readonly string[];
}

export interface FilteredFinding {
  readonly severity: string;
  readonly kind: string;
}

/** A table, a dataset, or something else that is shown or not. */
export interface Filtered {
  readonly dataset: string;
  readonly status: string;
  /** Of all of it, whatever is wrong. */
  readonly consumers: readonly string[];
  readonly findings: readonly FilteredFinding[];
  /** In lower case; asked for only where a text is looked for. */
  readonly text: () => string;
}

export function parseFilter(fragment: string): Filter {
  const asked = new URLSearchParams(fragment.replace(/^#/, ''));
  const one = (name: string) => asked.get(name) ?? '';
  const some = (name: string) =>
    one(name)
      .split(',')
      .filter((value) => value !== '');
  return {
    q: one('q'),
    dataset: one('dataset'),
    kind: one('kind'),
    consumer: one('consumer'),
    severity: some('severity'),
    status: some('status'),
  };
}

/** Without the `#`; empty: everything is shown. */
export function printFilter({ q, dataset, kind, consumer, severity, status }: Filter): string {
  const parts = { q, dataset, kind, consumer, severity: severity.join(','), status: status.join(',') };
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) if (value !== '') asked.set(name, value);
  // A comma may stand in a fragment, and is easier to read than %2C.
  return asked.toString().replaceAll('%2C', ',');
}

export function isEmpty(filter: Filter): boolean {
  return printFilter(filter) === '';
}

/** Whether it is shown, and which of its findings are. */
export function match(
  { dataset, status, consumers, findings, text }: Filtered,
  filter: Filter,
): { readonly isShown: boolean; readonly findings: readonly boolean[] } {
  const isOne = (wanted: readonly string[], value: string) => wanted.length === 0 || wanted.includes(value);
  const shown = findings.map(
    ({ severity, kind }) => isOne(filter.severity, severity) && (filter.kind === '' || filter.kind === kind),
  );
  const asksForFindings = filter.severity.length > 0 || filter.kind !== '';
  const isShown =
    (filter.dataset === '' || filter.dataset === dataset) &&
    (filter.consumer === '' || consumers.includes(filter.consumer)) &&
    isOne(filter.status, status) &&
    (!asksForFindings || shown.some(Boolean)) &&
    holds(text, filter.q);
  return { isShown, findings: shown };
}

/** Every word, in any order. */
function holds(text: () => string, query: string): boolean {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  const whole = text();
  return words.every((word) => whole.includes(word));
}
