import { isObject } from '../metadata/parse.ts';
import { alike, apart } from './findings-alike.ts';
import type { Incident, State } from './state.ts';
import { stateFile, withOwnWords } from './state-schema.ts';
import { fromVersion1 } from './state-version-1.ts';

export type ParsedState =
  | { readonly status: 'valid'; readonly state: State }
  | { readonly status: 'invalid'; readonly problem: string };

/**
 * Reads a state as `printState` wrote it, here or in another version; anything else is said, and nothing of it is used.
 * `channel` is the one that version 1 told.
 */
export function parseState(content: string, channel: string): ParsedState {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return { status: 'invalid', problem: 'it is no JSON' };
  }
  const isVersion1 = isObject(value) && value['version'] === 1;
  const parsed = stateFile.safeParse(isVersion1 ? fromVersion1(value, channel) : value);
  if (parsed.success) {
    const { findingsAlike, ...rest } = parsed.data;
    const findings = [...rest.findings, ...findingsAlike.flatMap(apart)];
    return { status: 'valid', state: { ...rest, findings } };
  }
  const [issue] = parsed.error.issues;
  const at = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return { status: 'invalid', problem: `${at}${issue?.message ?? ''}`.slice(0, 200) };
}

/** In full they are 620 bytes each. */
const MOST_IN_FULL = 2000;

/** A state with more findings than that, which a disaster makes, has those that are alike together. */
export function printState(state: State): string {
  const { findings, unchecked, failures, messages } = state;
  const isInFull = findings.length <= MOST_IN_FULL;
  return `${JSON.stringify({
    ...state,
    findings: isInFull ? findings.map(written) : [],
    ...(isInFull ? {} : { findingsAlike: alike(findings).map(written) }),
    unchecked: unchecked.map(written),
    failures: failures.map(written),
    seen: [...state.seen].map(([dataset, { tables, ...rest }]) => ({
      dataset,
      ...rest,
      tables: [...tables].map(([table, seen]) => ({ table, ...seen })),
    })),
    messages: { ...messages, channels: mapValues(messages.channels, (sent) => sent.map(withOwnWords)) },
  })}\n`;
}

function written(
  record: Pick<Incident<object>, 'subject' | 'resolution'> & {
    readonly notifications: Readonly<Record<string, object>>;
  },
): object {
  const { subject, resolution, notifications } = record;
  return {
    ...withOwnWords(record),
    subject: withOwnWords(subject),
    resolution: resolution && withOwnWords(resolution),
    notifications: mapValues(notifications, withOwnWords),
  };
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
