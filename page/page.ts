import {
  type Filter,
  type Filtered,
  type FilteredFinding,
  isEmpty,
  match,
  parseFilter,
  printFilter,
} from './filter.ts';

/*
 * What makes the report page answer to its reader: filters, links that carry them, copying, arrow keys, printing. All that
 * there is to read stands in the page without it.
 */

/** An element that a filter shows or hides, with what it is filtered by. */
interface Item extends Filtered {
  readonly element: HTMLElement;
  /** Of the first of its findings: the others are counted and not listed. */
  readonly findingElements: readonly HTMLElement[];
  readonly findings: readonly CountedFinding[];
}

interface CountedFinding extends FilteredFinding {
  readonly count: number;
}

function all(selector: string, within: ParentNode = document): HTMLElement[] {
  return [...within.querySelectorAll<HTMLElement>(selector)];
}

function byId(id: string): HTMLElement | null {
  return document.getElementById(id);
}

/** An entry of its own, with the findings in it; one that is a single finding holds itself. */
function readEntry(element: HTMLElement): Item {
  const { dataset, severity } = element.dataset;
  const findingElements = severity === undefined ? all('[data-severity]', element) : [element];
  return {
    element,
    findingElements,
    dataset: dataset ?? '',
    status: element.dataset['status'] ?? '',
    consumers: readersOf(element),
    findings: [
      ...findingElements.map((finding) => ({
        severity: finding.dataset['severity'] ?? '',
        kind: finding.dataset['kind'] ?? '',
        count: 1,
      })),
      ...unlistedOf(element),
    ],
    text: textOf(element),
  };
}

/** `critical:field-missing:70` */
function unlistedOf({ dataset }: HTMLElement): CountedFinding[] {
  const words = (dataset['more'] ?? '').split(' ').filter((word) => word !== '');
  return words.map((word) => {
    const [severity = '', kind = '', count] = word.split(':');
    return { severity, kind, count: Number(count) };
  });
}

/** A row of the list of all tables is found by what is found of its table. */
function readRow(element: HTMLElement, dataset: string, entries: ReadonlyMap<string, Item>): Item {
  const entry = entries.get(element.querySelector('a')?.getAttribute('href')?.slice(1) ?? '');
  const own = textOf(element);
  return {
    element,
    findingElements: [],
    dataset,
    // What is in sync does not say so.
    status: element.dataset['status'] ?? 'in-sync',
    consumers: readersOf(element),
    findings: entry?.findings ?? unlistedOf(element),
    text: () => `${dataset}.${own()} ${entry?.text() ?? ''}`,
  };
}

/** Those who read it stand in it by their numbers, since there may be thousands of tables. */
function readersOf(element: HTMLElement): string[] {
  const { read = '' } = element.dataset;
  return read
    .split(' ')
    .filter((number) => number !== '')
    .map((number) => consumers[Number(number)] ?? '');
}

function textOf(element: HTMLElement): () => string {
  let text: string | undefined;
  return () => {
    text ??= (element.textContent ?? '').toLowerCase();
    return text;
  };
}

const form = byId('filter') as HTMLFormElement;
const consumers = [...(form.elements.namedItem('consumer') as HTMLSelectElement).options]
  .map(({ value }) => value)
  .filter((value) => value !== '');
const entries = all('[data-entry]').map(readEntry);
const entryById = new Map(
  entries.filter(({ element }) => element.id !== '').map((entry) => [entry.element.id, entry]),
);
const groups = all('[data-group]').map((element) => ({
  element,
  rows: all('tbody tr', element).map((row) => readRow(row, element.dataset['dataset'] ?? '', entryById)),
}));
const lists = all('[data-group] .scroll');
const sections = all('[data-section]');
const folds = all('[data-fold]') as HTMLDetailsElement[];
const rests = all('[data-rest]') as HTMLDetailsElement[];
const count = byId('count') as HTMLOutputElement;
const copyLink = byId('copy-link') as HTMLButtonElement;
/** Folds that a filter opened, to be closed with it. */
const opened = new Set<HTMLDetailsElement>();

/** What a section is shown for. */
const SHOWN = '[data-entry]:not([hidden]), [data-group]:not([hidden])';

function show(element: HTMLElement, isShown: boolean): void {
  if (element.hidden === isShown) element.hidden = !isShown;
}

function apply(filter: Filter): void {
  const rows = groups.flatMap((group) => group.rows);
  const found = entries.map((entry) => sift(entry, filter));
  for (const row of rows) sift(row, filter);
  for (const { element, rows: own } of groups) show(element, isEmpty(filter) || own.some(isVisible));
  for (const fold of folds) unfold(fold, filter);
  for (const rest of rests) unfoldRest(rest, filter);
  for (const list of lists) show(list, list.querySelector('tbody tr:not([hidden])') !== null);
  for (const section of sections) show(section, isEmpty(filter) || section.querySelector(SHOWN) !== null);
  const wrong = all('#wrong > [data-entry]');
  for (const note of all('.none-match')) show(note, wrong.length > 0 && wrong.every(({ hidden }) => hidden));
  count.textContent = isEmpty(filter) ? '' : summary(sumOf(found.flat()), rows);
}

/** Shows an item or hides it, and tells which of its findings are found. */
function sift(item: Item, filter: Filter): readonly CountedFinding[] {
  const { isShown, findings } = match(item, filter);
  show(item.element, isShown);
  for (const [index, finding] of item.findingElements.entries()) {
    if (finding !== item.element) show(finding, findings[index] ?? true);
  }
  return isShown ? item.findings.filter((_, index) => findings[index]) : [];
}

function sumOf(findings: readonly CountedFinding[]): number {
  return findings.reduce((sum, { count: each }) => sum + each, 0);
}

function isVisible({ element }: Item): boolean {
  return !element.hidden;
}

/** What a filter finds is not left folded away. */
function unfold(fold: HTMLDetailsElement, filter: Filter): void {
  const hasMatch = fold.querySelector('tbody tr:not([hidden]), [data-entry]:not([hidden])') !== null;
  show(fold, isEmpty(filter) || hasMatch);
  openWhile(fold, !isEmpty(filter) && hasMatch);
}

/** The rest of a table's many findings, where the first of them are not what is looked for. */
function unfoldRest(rest: HTMLDetailsElement, filter: Filter): void {
  const isShown = (list: Element | null) => list?.querySelector('.finding:not([hidden])') != null;
  show(rest, isShown(rest));
  openWhile(rest, filter.q !== '' || (isShown(rest) && !isShown(rest.previousElementSibling)));
}

function openWhile(fold: HTMLDetailsElement, isFound: boolean): void {
  if (isFound && !fold.open) {
    fold.open = true;
    opened.add(fold);
  }
  if (!isFound && opened.delete(fold)) fold.open = false;
}

function summary(found: number, rows: readonly Item[]): string {
  const all = sumOf(entries.flatMap(({ findings }) => findings));
  const some = (shown: number, of: number, noun: string) =>
    `${shown.toLocaleString('en-US')} of ${of.toLocaleString('en-US')} ${noun}`;
  return `${some(found, all, 'findings')}, ${some(rows.filter(isVisible).length, rows.length, 'tables')}`;
}

function readForm(): Filter {
  const data = new FormData(form);
  const one = (name: string) => String(data.get(name) ?? '');
  const some = (name: string) => data.getAll(name).map(String);
  return {
    q: one('q').trim(),
    dataset: one('dataset'),
    kind: one('kind'),
    consumer: one('consumer'),
    severity: some('severity'),
    status: some('status'),
  };
}

/** What the page does not know cannot be chosen, and filters nothing. */
function fillForm(filter: Filter): void {
  for (const control of form.elements) {
    if (control instanceof HTMLInputElement && control.type === 'checkbox') {
      const chosen = control.name === 'severity' ? filter.severity : filter.status;
      control.checked = chosen.includes(control.value);
    } else if (control instanceof HTMLInputElement) control.value = filter.q;
    else if (control instanceof HTMLSelectElement) {
      control.value = filter[control.name as 'dataset' | 'kind' | 'consumer'];
      if (control.selectedIndex === -1) control.value = '';
    }
  }
}

/** The address says what is shown, so that it can be shared and comes back on reload. */
function remember(filter: Filter): void {
  history.replaceState(null, '', `#${printFilter(filter)}`);
}

function followAddress(): void {
  const fragment = location.hash.slice(1);
  // A place in the page, such as that of the first link, is no filter.
  if (fragment !== '' && !fragment.includes('=')) return;
  const at = entryById.get(fragment);
  fillForm(at === undefined ? parseFilter(fragment) : parseFilter(''));
  apply(readForm());
  if (at === undefined) return;
  // While it loads, a browser goes to the fragment by itself and takes the focus away again.
  if (document.readyState === 'complete') reveal(at.element);
  else addEventListener('load', () => setTimeout(() => reveal(at.element)), { once: true });
}

function reveal(element: HTMLElement): void {
  for (let place: Element | null = element; place !== null; place = place.parentElement) {
    if (place instanceof HTMLDetailsElement) place.open = true;
  }
  element.scrollIntoView({ block: 'start' });
  const focus = element instanceof HTMLDetailsElement ? element.querySelector('summary') : element;
  focus?.focus({ preventScroll: true });
}

/** What is shown: by the filter, or the place that a link led to. */
function shownFragment(): string {
  const place = location.hash.slice(1);
  const filter = printFilter(readForm());
  return filter === '' && entryById.has(place) ? place : filter;
}

/** The address that others can open: what stands in the browser's own may be a temporary one. */
function sharedLink(fragment: string): { readonly link: string; readonly isWhole: boolean } {
  const { url, noFilter } = copyLink.dataset;
  const link = url ?? location.href.replace(/#.*$/s, '');
  if (noFilter !== undefined || fragment === '') return { link, isWhole: fragment === '' };
  return { link: `${link}#${fragment}`, isWhole: true };
}

function copyLinkTo(fragment: string, button: HTMLElement, what: string): void {
  const { link, isWhole } = sharedLink(fragment);
  void copyFrom(button, link, isWhole ? 'Copied' : `Copied, without the ${what}`);
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Where the clipboard is not given to the page, as in a frame. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}

/** Of buttons that say that they copied: what they say otherwise, and what will make them say so again. */
const copied = new WeakMap<
  HTMLElement,
  { readonly label: string; readonly end: ReturnType<typeof setTimeout> }
>();
const SAID_MS = 2000;

async function copyFrom(button: HTMLElement, text: string, done: string): Promise<void> {
  const isCopied = await copy(text);
  const before = copied.get(button);
  clearTimeout(before?.end);
  const label = before?.label ?? button.textContent ?? '';
  const end = setTimeout(() => {
    copied.delete(button);
    button.textContent = label;
    say('');
  }, SAID_MS);
  copied.set(button, { label, end });
  button.textContent = isCopied ? done : 'Not copied';
  say(button.textContent);
}

/** To those who hear the page. */
function say(text: string): void {
  const said = byId('said');
  if (said !== null) said.textContent = text;
}

function onClick(event: MouseEvent): void {
  const target = event.target instanceof Element ? event.target.closest<HTMLElement>('button, a') : null;
  if (target === null) return;
  if (target === copyLink) copyLinkTo(shownFragment(), target, 'filter');
  else if (target.dataset['copy'] === 'place') {
    copyLinkTo(target.closest('[data-entry]')?.id ?? '', target, 'place');
  } else if (target.dataset['copy'] === 'text') {
    void copyFrom(target, target.closest('figure')?.querySelector('pre')?.textContent ?? '', 'Copied');
  } else if (target.classList.contains('skip')) {
    // The address stays that of the filter.
    event.preventDefault();
    byId('wrong')?.focus();
  } else if (target.closest('.tiles') !== null && !isForNewTab(event)) {
    event.preventDefault();
    narrow(parseFilter(target.getAttribute('href') ?? ''));
  }
}

function isForNewTab({ ctrlKey, metaKey, shiftKey }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey;
}

/** By a figure at the top: what else is asked for stays, and what is found comes into sight. */
function narrow({ severity, status }: Filter): void {
  const filter = readForm();
  const narrowed = {
    ...filter,
    severity: severity.length > 0 ? severity : filter.severity,
    status: status.length > 0 ? status : filter.status,
  };
  history.pushState(null, '', `#${printFilter(narrowed)}`);
  fillForm(narrowed);
  apply(readForm());
  form.scrollIntoView({ block: 'start' });
}

/** From one folded line to the next. */
function onKey(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const from = event.target instanceof Element ? event.target.closest<HTMLElement>('.entry > summary') : null;
  if (step === undefined || from === null) return;
  const lines = all('.entry > summary').filter((line) => line.checkVisibility());
  const next = lines[lines.indexOf(from) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

/** On paper nothing can be unfolded. */
function unfoldForPrint(): void {
  const folded: HTMLDetailsElement[] = [];
  // What is folded in another is in sight when that one is open, which comes first.
  for (const fold of all('.entry:not([open]), .fold:not([open])') as HTMLDetailsElement[]) {
    if (!fold.checkVisibility()) continue;
    fold.open = true;
    folded.push(fold);
  }
  addEventListener(
    'afterprint',
    () =>
      folded.forEach((entry) => {
        entry.open = false;
      }),
    { once: true },
  );
}

function sayAge(): void {
  const at = document.querySelector('.asof time')?.getAttribute('datetime');
  const minutes = Math.floor((Date.now() - Date.parse(at ?? '')) / 60_000);
  const [unit, size] = minutes < 120 ? ['minute', 1] : minutes < 2880 ? ['hour', 60] : ['day', 1440];
  const age = byId('age');
  const ago = new Intl.RelativeTimeFormat('en').format(-Math.floor(minutes / Number(size)), unit as 'minute');
  if (age !== null) age.textContent = minutes > 0 ? `(${ago})` : '';
}

/** A text is looked for when the reader pauses. */
const PAUSE_MS = 120;
let pause: ReturnType<typeof setTimeout> | undefined;

function onInput(event: Event): void {
  clearTimeout(pause);
  const isText = event.target instanceof HTMLInputElement && event.target.type === 'search';
  pause = setTimeout(onFilter, isText ? PAUSE_MS : 0);
}

function onFilter(): void {
  const filter = readForm();
  apply(filter);
  remember(filter);
}

form.hidden = false;
copyLink.hidden = false;
form.addEventListener('input', onInput);
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('reset', () => setTimeout(onFilter));
document.addEventListener('click', onClick);
document.addEventListener('keydown', onKey);
addEventListener('hashchange', followAddress);
addEventListener('beforeprint', unfoldForPrint);
sayAge();
setInterval(sayAge, 60_000);
document.addEventListener('visibilitychange', sayAge);
followAddress();
