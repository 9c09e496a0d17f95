import { z } from 'zod';

/** Slack refuses a key it does not know inside a block, so the objects are strict. */
const plainText = (most: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(most),
    emoji: z.boolean().optional(),
  });

const anyText = (most: number) =>
  z.discriminatedUnion('type', [
    plainText(most),
    z.strictObject({
      type: z.literal('mrkdwn'),
      text: z.string().min(1).max(most),
      verbatim: z.boolean().optional(),
    }),
  ]);

const LONGEST_TEXT = 3000;
const LONGEST_FIELD = 2000;
const LONGEST_URL = 3000;
const blockId = z.string().max(255).optional();

const image = z.strictObject({
  type: z.literal('image'),
  image_url: z.url().max(LONGEST_URL),
  alt_text: z.string().min(1).max(2000),
});

const button = z.strictObject({
  type: z.literal('button'),
  text: plainText(75),
  action_id: z.string().max(255).optional(),
  url: z.url().max(LONGEST_URL).optional(),
  value: z.string().max(2000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: z.string().max(75).optional(),
});

/** The block types of plain notifications; anything else is refused as an unknown type. */
const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('divider'), block_id: blockId }),
  z.strictObject({ type: z.literal('header'), block_id: blockId, text: plainText(150) }),
  z
    .strictObject({
      type: z.literal('section'),
      block_id: blockId,
      text: anyText(LONGEST_TEXT).optional(),
      fields: z.array(anyText(LONGEST_FIELD)).min(1).max(10).optional(),
      accessory: z.discriminatedUnion('type', [button, image]).optional(),
      expand: z.boolean().optional(),
    })
    .refine(({ text, fields }) => text !== undefined || fields !== undefined),
  z.strictObject({
    type: z.literal('context'),
    block_id: blockId,
    elements: z
      .array(z.union([anyText(LONGEST_TEXT), image]))
      .min(1)
      .max(10),
  }),
  z.strictObject({
    type: z.literal('actions'),
    block_id: blockId,
    elements: z.array(button).min(1).max(25),
  }),
  image.extend({ block_id: blockId, title: plainText(2000).optional() }),
]);

/** The blocks of one message or of one attachment. */
export const blocksSchema = z
  .array(block)
  .max(50)
  .refine((blocks) => {
    const ids = blocks.flatMap(({ block_id }) => block_id ?? []);
    return new Set(ids).size === ids.length;
  });

/** The characters of every text in the blocks, which Slack limits in total. */
export function countText(content: unknown): number {
  if (typeof content !== 'object' || content === null) return 0;
  return Object.entries(content)
    .map(([key, value]) => (key === 'text' && typeof value === 'string' ? value.length : countText(value)))
    .reduce((sum, count) => sum + count, 0);
}
