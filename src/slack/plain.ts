import { counted } from '../words/printable.ts';
import type { SlackBlock, SlackPayload } from './payload.ts';

const MAX_MENTIONS = 20;
/** What notifies somebody. Of somebody else's text no `<` is left: `escaped`. */
const MENTION = /<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+)>/g;

/**
 * The same news without blocks, for when Slack refuses them: what a phone shows of it, the counts with the link to the report, and whom it
 * mentions. Far shorter than what Slack takes.
 */
export function plainMessage({ text, blocks }: SlackPayload): SlackPayload {
  const context = blocks.find((block) => block.type === 'context');
  const mentions = [...new Set(blocks.flatMap(textsOf).flatMap((part) => part.match(MENTION) ?? []))];
  const left = mentions.length - MAX_MENTIONS;
  const lines = [
    text,
    ...(context === undefined ? [] : textsOf(context)),
    [...mentions.slice(0, MAX_MENTIONS), ...(left > 0 ? [`+${counted(left, 'more owner')}`] : [])].join(' '),
    'Slack refused the whole of this message; the report and drift check show it.',
  ];
  return { text: lines.filter((line) => line !== '').join('\n'), blocks: [] };
}

function textsOf(block: SlackBlock): readonly string[] {
  if (block.type === 'divider') return [];
  return block.type === 'context' ? block.elements.map(({ text }) => text) : [block.text.text];
}
