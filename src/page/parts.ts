import type { Finding, Subject } from '../model/finding.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import { consoleUrl, type Linked } from '../words/console-url.ts';
import { moment } from '../words/moment.ts';
import { subjectName } from '../words/subject.ts';
import { html, type Markup, type Part } from './markup.ts';
import type { EntryStatus } from './view.ts';

/** How a status is said; its mark is a shape of its own, since not everybody tells colours apart. */
export const STATUS_WORDS: Readonly<Record<EntryStatus, string>> = {
  drifted: 'drifted',
  unchecked: 'not checked',
  'in-sync': 'in sync',
  undeclared: 'not declared',
};

/** A shape in a colour; the word beside it says the same. */
export function mark(of: Severity | EntryStatus): Markup {
  return html`<i class="mark ${of}"></i>`;
}

export function badge(of: Severity | EntryStatus, text: Part = of): Markup {
  return html`<span class="badge ${of}">${mark(of)}${text}</span>`;
}

/** A link to somewhere else, in a tab of its own. */
export function away(url: string, label: Part): Markup {
  return html`<a href="${url}" target="_blank" rel="noopener noreferrer">${label}</a>`;
}

export function consoleLink(subject: Linked, project: string | null): Markup | null {
  return project === null || subject.dataset === '*'
    ? null
    : away(consoleUrl(subject, project), 'Cloud console');
}

/** The place in the page, which is a fragment too: `#at=commerce.orders` */
export function anchorOf(subject: Subject): string {
  // Half a surrogate pair cannot be encoded.
  return `at=${encodeURIComponent(subjectName(subject).toWellFormed())}`;
}

/** Of what could not be checked: a dataset may be drifted, and in part unread. */
export function unreadAnchorOf(subject: Subject): string {
  return anchorOf(subject).replace('at=', 'unread=');
}

export function time(rfc3339: string): Markup {
  return html`<time datetime="${rfc3339}">${moment(rfc3339)}</time>`;
}

/** A button that copies the text beneath it, or a link to the entry that it stands in. */
export function copyButton(label: string, what: 'text' | 'place'): Markup {
  return html`<button type="button" class="copy" data-copy="${what}">${label}</button>`;
}

/** What is counted and not listed, for the filter: `critical:<kind>:70 info:<kind>:2` */
export function dataMore(findings: readonly Finding[]): Markup | null {
  if (findings.length === 0) return null;
  const counts = new Map<string, number>();
  for (const { severity, kind } of findings) {
    const of = `${severity}:${kind}`;
    counts.set(of, (counts.get(of) ?? 0) + 1);
  }
  return html` data-more="${[...counts].map(([of, count]) => `${of}:${count}`).join(' ')}"`;
}

/** `2 critical, 1 info`, each with its mark. */
export function severityMarks(items: readonly { readonly severity: Severity }[]): readonly Markup[] {
  return SEVERITIES.flatMap((severity) => {
    const count = items.filter((item) => item.severity === severity).length;
    return count === 0 ? [] : [badge(severity, `${count} ${severity}`)];
  });
}

/** An owner as people are called: a mention by its id. */
export function ownerName(owner: string): string {
  return owner.replace(/^<(?:@|!subteam\^)([A-Z0-9]+)>$/, '@$1');
}
