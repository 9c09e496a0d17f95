import { createHash } from 'node:crypto';

const MAX_REMEMBERED = 300;

/** A value as it is remembered: a long one, such as a query, by its beginning and a hash of all of it. */
export function rememberedText(text: string): string {
  if (text.length <= MAX_REMEMBERED) return text;
  const hash = createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 12);
  return `${text.slice(0, MAX_REMEMBERED / 2)}… ${hash}`;
}
