import type { DriftError } from '../model/errors.ts';
import type { Report } from '../model/report.ts';
import type { ScanResult } from '../model/scan-result.ts';
import type { Severity } from '../model/severity.ts';
import type { Alert } from './alert.ts';
import type { FailureRecord } from './state.ts';

/** What on-call is to be told, as facts: a channel finds the words for it. */
export type Message =
  | { readonly type: 'alert'; readonly alert: Alert; readonly context: MessageContext }
  /** What is wrong with the state, where a run has nothing else to tell. */
  | { readonly type: 'note'; readonly note: string; readonly project: string | null }
  /** A run without a result, which no state remembers. */
  | { readonly type: 'failure'; readonly project: string | null; readonly failure: FailureRecord }
  /** A run with a result, of which nobody knows what is new. */
  | {
      readonly type: 'lost-state';
      readonly project: string | null;
      readonly failure: FailureRecord;
      readonly report: Report;
    };

/** What a message needs beside the alert itself. */
export interface MessageContext {
  readonly project: string | null;
  /** The run's moment. */
  readonly now: Date;
  /** null: the run has no result. */
  readonly report: Report | null;
  /** null: the run has no result. */
  readonly scan: ScanResult | null;
  /** Whether there was a run before, as far as is known; `none`: nothing is remembered, `asked`: somebody asks for it. */
  readonly memory: 'kept' | 'first' | 'none' | 'asked';
  readonly minimumSeverity: Severity;
  /** Why nothing could be read, where one cause is known. */
  readonly cause: string | null;
  /** What on-call must know of the monitor itself. */
  readonly note: string | null;
  /** Whom to grant access; null: not known. */
  readonly account: string | null;
  /** The report page of this run; null: there is none. */
  readonly reportUrl: string | null;
  /** Why there is none, although there should be. */
  readonly reportProblem: string | null;
}

export interface ChannelIdentity {
  /** Under which the state remembers what the channel was told: never another one. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** The variable of the environment that sets it up. */
  readonly setting: string;
}

/** Renders messages and delivers them. */
export interface AlertChannel extends ChannelIdentity {
  readonly status: 'ready';
  /** From one message of a run to the next. */
  readonly pauseMs: number;
  /** @throws whatever `mayPost` throws */
  deliver(message: Message, limits?: SendLimits): Promise<Delivery>;
}

/** Where alerts go, or would go. */
export type Channel = AlertChannel | (ChannelIdentity & { readonly status: 'not-set-up' });

/** What became of a message: accepted; perhaps posted, since the answer is not known; surely not posted. */
export type Delivery =
  | { readonly status: 'sent' }
  | { readonly status: 'unknown' | 'refused'; readonly error: DriftError };

export interface SendLimits {
  /** From now on, for the answers and for all waits that the service asks for. */
  readonly maxMs?: number;
  /** Called before each post, also after a wait: throws where nothing may be posted any more. */
  readonly mayPost?: () => void;
}
