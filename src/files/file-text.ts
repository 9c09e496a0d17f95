import { isDeepStrictEqual } from 'node:util';
import { type Node, parseTree } from 'jsonc-parser';
import { isObject } from '../metadata/parse.ts';
import type { Resource } from '../model/ports.ts';
import { part } from './parts.ts';

/** The width to which Biome and Prettier break lists here. */
const WIDTH = 110;

/** The text of a new file: two spaces a level, and a list of plain values on one line where it fits. */
export function fileText(content: Resource): string {
  return `${jsonText(content, { indent: '', taken: 0 })}\n`;
}

interface Column {
  readonly indent: string;
  /** Characters that stand on the line already, and the comma behind. */
  readonly taken: number;
}

function jsonText(value: unknown, { indent, taken }: Column): string {
  const inner = `${indent}  `;
  const wrap = (open: string, items: readonly string[], close: string) =>
    items.length === 0
      ? `${open}${close}`
      : `${open}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
  if (Array.isArray(value)) {
    const items = value.map((item) => jsonText(item, { indent: inner, taken: inner.length + 1 }));
    const line = `[${items.join(', ')}]`;
    const isPlain = value.every((item) => typeof item !== 'object' || item === null);
    return isPlain && taken + line.length <= WIDTH ? line : wrap('[', items, ']');
  }
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => {
    const name = `${JSON.stringify(key)}: `;
    return name + jsonText(item, { indent: inner, taken: inner.length + name.length + 1 });
  });
  return wrap('{', entries, '}');
}

/**
 * The text of a file with other values in it, where every other byte stays. jsonc-parser tells where each value stands;
 * its `modify` formats whole lines, so that what somebody folded is spread out, and makes `[1,23]` of `[1,2,3]` without
 * its last item.
 */
export function rewrittenText(text: string, file: Resource): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const body = text.slice(mark.length);
  const root = parseTree(body);
  if (root === undefined) throw new Error('the text is no JSON');
  const written = textOf(root, { before: JSON.parse(body), after: file }, styleOf(body, root));
  return mark + body.slice(0, root.offset) + written + body.slice(endOf(root));
}

interface Style {
  readonly text: string;
  readonly lineEnd: string;
  readonly indent: string;
  /** After a colon, and after a comma within a line. */
  readonly space: string;
  /** Inside the braces of an object within a line. */
  readonly padding: string;
  readonly isOneLine: boolean;
}

const LINE_END = /\r\n|\n|\r/;

function styleOf(text: string, root: Node): Style {
  const first = root.children?.[0];
  const lead = first === undefined ? '' : text.slice(root.offset + 1, first.offset);
  const value = first?.children?.[1];
  const space = value !== undefined && text[value.offset - 1] === ':' ? '' : ' ';
  const folded = /\{([ \t]*)"[^{}\r\n]*\}/.exec(text);
  return {
    text,
    lineEnd: LINE_END.exec(text)?.[0] ?? '\n',
    indent: (LINE_END.test(lead) && /[ \t]*$/.exec(lead)?.[0]) || '  ',
    space,
    padding: folded?.[1] ?? space,
    isOneLine: !LINE_END.test(text.slice(root.offset, endOf(root))),
  };
}

interface Values {
  readonly before: unknown;
  readonly after: unknown;
}

/** What stands in the place of a value. */
function textOf(node: Node, { before, after }: Values, style: Style): string {
  if (isDeepStrictEqual(before, after)) return style.text.slice(node.offset, endOf(node));
  // Of a key that stands twice the last one counts: such an object is written anew.
  const isPlain = node.children?.length === Object.keys(Object(before)).length;
  if (isPlain && isObject(before) && isObject(after)) {
    return itemsText(node, keyItems(node, { before, after }, style), style);
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    return itemsText(node, listItems(node, { before, after }, style), style);
  }
  const isSpread = hasItems(node) && LINE_END.test(style.text.slice(node.offset, endOf(node)));
  const parent = node.parent?.type === 'property' ? node.parent.parent : node.parent;
  return isSpread || parent === undefined
    ? spread(after, indentAt(style.text, node.offset), style)
    : newText(parent, after, style);
}

/** One of a container's items as it is to be written; `index`: where it stood. */
interface Item {
  readonly text: string;
  readonly index: number | null;
}

function keyItems(
  node: Node,
  { before, after }: { readonly before: Resource; readonly after: Resource },
  style: Style,
): readonly Item[] {
  const present = (node.children ?? []).map((property) => String(property.children?.[0]?.value));
  // Text order, since an object in memory moves keys that look like numbers to its front.
  const order = [...present];
  for (const [index, key] of Object.keys(after).entries()) {
    if (present.includes(key)) continue;
    const previous = order.indexOf(Object.keys(after)[index - 1] ?? '');
    order.splice(previous === -1 && index > 0 ? order.length : previous + 1, 0, key);
  }
  return order
    .filter((key) => Object.hasOwn(after, key))
    .map((key) => {
      const index = present.indexOf(key);
      const [property, value] = [node.children?.[index], node.children?.[index]?.children?.[1]];
      if (property === undefined || value === undefined) {
        return {
          index: null,
          text: `${JSON.stringify(key)}:${style.space}${newText(node, after[key], style)}`,
        };
      }
      const written = textOf(value, { before: before[key], after: after[key] }, style);
      return { index, text: style.text.slice(property.offset, value.offset) + written };
    });
}

function listItems(
  node: Node,
  { before, after }: { readonly before: readonly unknown[]; readonly after: readonly unknown[] },
  style: Style,
): readonly Item[] {
  let next = 0;
  return after.map((value) => {
    const index = before.findIndex((candidate, at) => at >= next && isSameItem(candidate, value));
    const item = node.children?.[index];
    if (item === undefined) return { index: null, text: newText(node, value, style) };
    next = index + 1;
    return { index, text: textOf(item, { before: before[index], after: value }, style) };
  });
}

/** A field stays the same field whatever is said of it. */
function isSameItem(item: unknown, other: unknown): boolean {
  const name = part(item, 'name');
  if (typeof name === 'string' && isObject(other)) return name === part(other, 'name');
  return isDeepStrictEqual(item, other);
}

/** A container with these items: each with the white space that it had, or that its siblings have. */
function itemsText(node: Node, items: readonly Item[], style: Style): string {
  const { text, isOneLine, padding, lineEnd } = style;
  const children = node.children ?? [];
  const open = text.slice(node.offset, node.offset + 1);
  const close = text.slice(endOf(node) - 1, endOf(node));
  if (items.length === 0) return open + close;
  const last = children.at(-1);
  const lead = separatorOf(node, style);
  if (last === undefined) {
    const joined = items.map((item) => item.text).join(`,${lead}`);
    if (isOneLine) return open + padding + joined + padding + close;
    return open + lead + joined + lineEnd + indentAt(text, node.offset) + close;
  }
  const whiteBefore = (index: number) =>
    text.slice(index === 0 ? node.offset + 1 : endOf(children[index - 1] ?? node), children[index]?.offset);
  const written = items.map(({ text: item, index }, at) => {
    if (at === 0) return whiteBefore(0) + item;
    return (index === null || index === 0 ? `,${lead}` : whiteBefore(index)) + item;
  });
  return open + written.join('') + text.slice(endOf(last), endOf(node));
}

/** The white space before an item, as its siblings have it. */
function separatorOf(node: Node, { text, isOneLine, space, lineEnd, indent }: Style): string {
  const [last, previous] = [node.children?.at(-1), node.children?.at(-2)];
  if (last === undefined) return isOneLine ? space : lineEnd + indentAt(text, node.offset) + indent;
  const start = previous === undefined ? node.offset + 1 : endOf(previous);
  const white = text.slice(start, last.offset).replace(',', '');
  const line = /(\r\n|\n|\r)[ \t]*$/.exec(white)?.[0];
  return line ?? (previous === undefined ? space : white);
}

/** A new item of a container: on one line where its siblings are, or where it stands among others on one. */
function newText(node: Node, value: unknown, style: Style): string {
  const separator = separatorOf(node, style);
  const siblings = (node.children ?? [])
    .map((item) => (item.type === 'property' ? item.children?.[1] : item))
    .filter((item) => item !== undefined && hasItems(item));
  const isSpread =
    LINE_END.test(separator) &&
    (siblings.length === 0 ||
      siblings.some(
        (item) => item !== undefined && LINE_END.test(style.text.slice(item.offset, endOf(item))),
      ));
  return isSpread ? spread(value, separator.replace(/^[\r\n]+/, ''), style) : folded(value, style);
}

function spread(value: unknown, indent: string, style: Style): string {
  return JSON.stringify(value, null, style.indent).replaceAll('\n', style.lineEnd + indent);
}

function folded(value: unknown, style: Style): string {
  const { space, padding } = style;
  if (Array.isArray(value)) return `[${value.map((item) => folded(item, style)).join(`,${space}`)}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${space}${folded(item, style)}`,
  );
  return entries.length === 0 ? '{}' : `{${padding}${entries.join(`,${space}`)}${padding}}`;
}

function hasItems(node: Node): boolean {
  return (node.children ?? []).length > 0;
}

function endOf(node: Node): number {
  return node.offset + node.length;
}

/** The white space that the line of this place begins with. */
function indentAt(text: string, offset: number): string {
  const start = Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? '';
}
