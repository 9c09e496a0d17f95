import type {
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  MrkdwnElement,
  PlainTextElement,
  SectionBlock,
} from '@slack/types';

/** A message as Slack's webhook takes it. */
export interface SlackPayload {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

/** Verbatim: else Slack makes links of addresses, and mentions of names, in somebody else's text: https://docs.slack.dev/reference/block-kit/composition-objects/text-object */
export type SlackText = PlainTextElement | (MrkdwnElement & { readonly verbatim: true });

/** Those of Slack's blocks that we send: in them are texts alone. */
export type SlackBlock =
  | HeaderBlock
  | (SectionBlock & { readonly text: SlackText })
  | (Omit<ContextBlock, 'elements'> & { readonly elements: readonly SlackText[] })
  | DividerBlock;
