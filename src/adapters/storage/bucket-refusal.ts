import { isObject } from '../../metadata/parse.ts';
import { DriftError } from '../../model/errors.ts';
import { printable, shortened } from '../../words/printable.ts';

/** What was asked of a bucket. */
export type Verb = 'read' | 'write' | 'publish' | 'list' | 'remove';

/** Whose objects they are, for what an error says. */
interface Place {
  readonly uri: string;
  readonly holds?: 'state' | 'expected files';
}

export function unavailable({ uri, holds }: Place, verb: Verb, reason: string): DriftError {
  if (holds === 'expected files') return new DriftError('StateUnavailable', `cannot ${verb} them: ${reason}`);
  return verb === 'read' || verb === 'write'
    ? new DriftError('StateUnavailable', `cannot ${verb} the state in ${uri}: ${reason}`)
    : new DriftError('SinkRejected', `cannot ${verb} the report pages in ${uri}: ${reason}`);
}

const READING = 'storage.objects.get and storage.objects.list';
const KEEPING =
  'storage.objects.get, storage.objects.list, storage.objects.create and storage.objects.delete';

interface Refusal {
  readonly status: number;
  readonly reason: string | null;
  readonly sentence: string | null;
}

/** What to do, where it is known; Google's own sentence says the rest. */
function remedyFor(refusal: Refusal, { holds }: Pick<Place, 'holds'>): string | undefined {
  const needed = holds === 'expected files' ? READING : KEEPING;
  switch (refusal.status) {
    case 401:
      return "the credentials are not accepted; see the service account's key or identity";
    case 403:
      // What is granted already would be granted again for the other refusals: a retention policy, a perimeter, an unpaid bill.
      return isMissingGrant(refusal)
        ? `the monitor's account may not use the bucket: grant it ${needed} there`
        : REMEDY_OF_REASON[refusal.reason ?? ''];
    case 404:
      // A proxy says 404 as well.
      return refusal.reason === null ? undefined : 'there is no such bucket';
    default:
      return undefined;
  }
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes#403-forbidden */
const REMEDY_OF_REASON: Readonly<Record<string, string>> = {
  retentionPolicyNotMet:
    'the bucket keeps objects from being replaced; the monitor needs one without a retention policy',
  objectUnderActiveHold: 'a hold keeps the object from being replaced: release it',
};

function isMissingGrant({ reason, sentence }: Refusal): boolean {
  return reason === 'forbidden' && /does not have storage\./.test(sentence ?? '');
}

/** Why it was refused, with what to do where that is known. */
export function reasonOf(
  { status, text }: { readonly status: number; readonly text: string },
  objects: Pick<Place, 'holds'>,
): string {
  if (status < 300) return `HTTP ${status}, but an answer that is not Cloud Storage's`;
  const refusal = { status, reason: errorReason(text), sentence: sentenceOf(text) };
  const remedy = remedyFor(refusal, objects);
  const known = `HTTP ${status}${remedy === undefined ? '' : `: ${remedy}`}`;
  if (refusal.sentence === null) return known;
  return refusal.reason === null
    ? `${known}; the answer was: ${refusal.sentence}`
    : `${known}; Cloud Storage says: ${refusal.sentence} (${refusal.reason})`;
}

const MAX_SENTENCE = 200;

/** Google's own words, which come with content in plain text; null where there are none, as on a proxy's page. */
function sentenceOf(text: string): string | null {
  const message = errorOf(text)?.['message'] ?? (/[<{]/.test(text) ? null : text);
  if (typeof message !== 'string' || message.trim() === '') return null;
  return shortened(printable(message.trim()), MAX_SENTENCE);
}

/** `errors[0].reason` of an error's body; null where it has none. */
export function errorReason(text: string): string | null {
  const errors = errorOf(text)?.['errors'];
  const first = Array.isArray(errors) ? errors[0] : undefined;
  return isObject(first) && typeof first['reason'] === 'string' ? first['reason'] : null;
}

function errorOf(text: string): Readonly<Record<string, unknown>> | null {
  const body = parsed(text);
  const error = isObject(body) ? body['error'] : undefined;
  return isObject(error) ? error : null;
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
