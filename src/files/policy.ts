import { isKind, kindRow } from '../kinds/index.ts';
import { isObject } from '../metadata/parse.ts';
import { type Advise, adviser, didYouMean } from '../model/did-you-mean.ts';
import { parseDuration } from '../model/duration.ts';
import type { Kind } from '../model/finding.ts';
import type { Policy, RequiredField } from '../model/policy.ts';
import type { Resource } from '../model/ports.ts';
import type { Severity } from '../model/severity.ts';
import { unknownType } from './field-rules.ts';
import { policyFile } from './file-schemas.ts';
import { type PathProblem, problem } from './raw-file.ts';
import { shapeProblems } from './shape-problems.ts';

export const defaultPolicy: Policy = {
  severities: new Map(),
  ignoreUnexpected: [],
  waivers: [],
  minimumSeverity: 'warning',
  alerts: {
    remindAfterMs: { critical: 4 * 3_600_000, warning: 24 * 3_600_000, info: null },
    uncheckedAfterRuns: 2,
  },
};

/** Of one file. */
const MAX_ADVICE = 20;

/** Everything wrong in a policy; empty: it is valid. */
export function policyProblems(file: Resource): readonly PathProblem[] {
  const advise = adviser(MAX_ADVICE);
  return [...shapeProblems(policyFile, file, advise), ...policyRules(file, advise)];
}

/** What a checked file says, with the defaults for all else. */
export function policyOf(file: Resource): {
  readonly policy: Policy;
  readonly requiredFields: readonly RequiredField[];
} {
  const { severities, requiredFields, ignoreUnexpected, waivers, alerts } = policyFile.parse(file);
  const remindAfterMs = (severity: 'critical' | 'warning') => {
    const text = alerts?.remindAfter?.[severity];
    if (text === undefined) return defaultPolicy.alerts.remindAfterMs[severity];
    return text === null ? null : parseDuration(text);
  };
  return {
    policy: {
      severities: new Map(Object.entries(severities ?? {}) as [Kind, Severity | 'off'][]),
      ignoreUnexpected: ignoreUnexpected ?? [],
      waivers: (waivers ?? []).map(({ path = null, kind = null, ...waiver }) => ({ ...waiver, path, kind })),
      minimumSeverity: alerts?.minimumSeverity ?? defaultPolicy.minimumSeverity,
      alerts: {
        // Nothing sets it for info: what is only worth knowing is not repeated.
        remindAfterMs: { critical: remindAfterMs('critical'), warning: remindAfterMs('warning'), info: null },
        uncheckedAfterRuns: alerts?.uncheckedAfterRuns ?? defaultPolicy.alerts.uncheckedAfterRuns,
      },
    },
    requiredFields: (requiredFields ?? []).map(({ name, type, except = [] }) => ({ name, type, except })),
  };
}

/** Loss of data is neither waived nor played down. */
export function policyRules(
  { severities, waivers, requiredFields }: Resource,
  advise: Advise = didYouMean,
): readonly PathProblem[] {
  const isAlwaysTold = (kind: string) => isKind(kind) && kindRow(kind).cannotBeWaived === true;
  return [
    ...Object.entries(isObject(severities) ? severities : {})
      .filter(([kind, severity]) => (severity === 'info' || severity === 'off') && isAlwaysTold(kind))
      .map(([kind]) =>
        problem(['severities', kind], `${kind} cannot be set below warning: it means loss of data`),
      ),
    ...textsIn(waivers, 'kind')
      .filter(({ text }) => isAlwaysTold(text))
      .map(({ index, text }) =>
        problem(['waivers', index, 'kind'], `${text} cannot be waived: it means loss of data`),
      ),
    ...textsIn(requiredFields, 'type').flatMap(({ index, text }) => {
      const unknown = unknownType(text, advise);
      return unknown === null ? [] : [problem(['requiredFields', index, 'type'], unknown)];
    }),
  ];
}

/** What each object of a list says under a key, where that is a text. */
function textsIn(list: unknown, key: string): readonly { readonly index: number; readonly text: string }[] {
  return (Array.isArray(list) ? list : []).flatMap((item, index) => {
    const text = isObject(item) ? item[key] : undefined;
    return typeof text === 'string' ? [{ index, text }] : [];
  });
}
