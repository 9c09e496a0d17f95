import { printable, shortened } from '../words/printable.ts';

/**
 * Somebody else's text inside mrkdwn: no mention, link or entity can come of it.
 * https://docs.slack.dev/messaging/formatting-message-text ("Escaping text")
 */
export function escaped(text: string): string {
  return withoutFences(printable(text))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** Three backticks would begin or end a block of code. */
function withoutFences(text: string): string {
  return text.replace(/`{3,}/g, (ticks) => 'ˋ'.repeat(ticks.length));
}

/** A name or value as code. A backtick cannot be escaped there, so it gives way to its look-alike. */
export function code(text: string, length = 120): string {
  return `\`${escaped(shortened(text, length).replaceAll('`', 'ˋ'))}\``;
}

/**
 * Several lines as they are, so that what is copied from it runs, in a code block of at most `length` characters as Slack
 * counts them.
 */
export function codeBlock(text: string, length: number): string {
  const lines = text.split('\n').map(escaped);
  return `\`\`\`\n${fitted(lines.join('\n'), length - 8)}\n\`\`\``;
}

/** One line set off from those around it, as in a quotation. */
export function quote(text: string): string {
  return `> ${escaped(text)}`;
}

/** Escaped text of at most `length` characters: escaping makes text longer, and half an entity is none. */
export function fitted(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text.slice(0, length - 1).replace(/&[a-z]*$|[\uD800-\uDBFF]$/, '')}…`;
}

/** @throws TypeError when `url` is none. */
export function link(url: string, label: string): string {
  // A bar would end the address, and a label cannot hold one.
  const address = new URL(url).href.replaceAll('|', '%7C');
  return `<${escaped(address)}|${escaped(label).replaceAll('|', '¦')}>`;
}

/** What the expected files may say of an owner. */
export const OWNER_FORMS = 'Who is mentioned in Slack: <@U…>, <!subteam^S…>, or plain text.';

const MENTION = /^(?:<@[UW][A-Z0-9]+>|<!subteam\^S[A-Z0-9]+>)$/;

/** An owner as Slack notifies it: a user or a user group by id; any other text is only text. */
export function owner(text: string): string {
  return MENTION.test(text) ? text : `owner ${escaped(shortened(text, 80))}`;
}
