import { printable } from '../words/printable.ts';

/** Text that is HTML already. Whatever else stands in a template is escaped. */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }
}

export type Part = Markup | string | number | null | readonly Part[];

/**
 * HTML from a template: what is set in is somebody's text, escaped and with what could forge other text made visible,
 * unless it is markup itself. null is nothing. Line breaks of the template, and the indentation after them, are left out.
 *
 *     html`<code>${name}</code>`
 */
export function html(template: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = tight(template);
  let text = texts[0] ?? '';
  for (const [index, part] of parts.entries()) text += textOf(part) + (texts[index + 1] ?? '');
  return new Markup(text);
}

/** Several lines as they are, for a `<pre>`. */
export function lines(text: string): Markup {
  return new Markup(text.split(/\r?\n/).map(escaped).join('\n'));
}

/** What stands between two of them; nothing where there are none. */
export function joinedBy(separator: string, parts: readonly Part[]): Markup {
  return new Markup(parts.map(textOf).join(escaped(separator)));
}

function textOf(part: Part): string {
  if (part instanceof Markup) return part.html;
  if (part === null) return '';
  return typeof part === 'object' ? part.map(textOf).join('') : escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for quoted attributes alike. Half a surrogate pair is no character, and no UTF-8. */
function escaped(text: string): string {
  return printable(text)
    .toWellFormed()
    .replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}

const known = new WeakMap<TemplateStringsArray, readonly string[]>();

function tight(template: TemplateStringsArray): readonly string[] {
  const before = known.get(template);
  if (before !== undefined) return before;
  const texts = template.map((text) => text.replace(/\n\s*/g, ''));
  known.set(template, texts);
  return texts;
}
