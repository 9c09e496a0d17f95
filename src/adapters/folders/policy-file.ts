import { policyRules } from '../../files/file-rules.ts';
import { policyFile } from '../../files/file-schemas.ts';
import { shapeProblems } from '../../files/shape-problems.ts';
import { isObject } from '../../metadata/parse.ts';
import { adviser } from '../../model/did-you-mean.ts';
import { parseDuration } from '../../model/duration.ts';
import { cappedProblems, type Problem } from '../../model/errors.ts';
import type { Kind } from '../../model/finding.ts';
import type { Policy, RequiredField } from '../../model/policy.ts';
import type { Severity } from '../../model/severity.ts';
import { readJson } from './json-file.ts';

export interface LoadedPolicy {
  readonly policy: Policy;
  readonly requiredFields: readonly RequiredField[];
  readonly problems: readonly Problem[];
}

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

/** Reads a policy file; `file` is its name in problems. */
export async function loadPolicy(path: string, file: string): Promise<LoadedPolicy> {
  const read = await readJson(path);
  if ('problems' in read) return invalid(read.problems.map((problem) => ({ file, ...problem })));
  if (!isObject(read.value)) return invalid([{ file, path: '$', message: 'expected one JSON object' }]);
  const advise = adviser(20);
  const problems = [...shapeProblems(policyFile, read.value, advise), ...policyRules(read.value, advise)];
  if (problems.length > 0) return invalid(problems.map((problem) => ({ file, ...problem })));
  const { severities, requiredFields, ignoreUnexpected, waivers, alerts } = policyFile.parse(read.value);
  return {
    policy: {
      severities: new Map(Object.entries(severities ?? {}) as [Kind, Severity | 'off'][]),
      ignoreUnexpected: ignoreUnexpected ?? [],
      waivers: (waivers ?? []).map((waiver) => ({
        ...waiver,
        path: waiver.path ?? null,
        kind: waiver.kind ?? null,
      })),
      minimumSeverity: alerts?.minimumSeverity ?? defaultPolicy.minimumSeverity,
      alerts: {
        remindAfterMs: {
          critical: remindAfterMs('critical', alerts?.remindAfter),
          warning: remindAfterMs('warning', alerts?.remindAfter),
          // Nothing sets it: what is only worth knowing is not repeated.
          info: null,
        },
        uncheckedAfterRuns: alerts?.uncheckedAfterRuns ?? defaultPolicy.alerts.uncheckedAfterRuns,
      },
    },
    requiredFields: (requiredFields ?? []).map(({ name, type, except }) => ({
      name,
      type,
      except: except ?? [],
    })),
    problems: [],
  };
}

/** Absent is the default; null is never. */
function remindAfterMs(
  severity: 'critical' | 'warning',
  stated: { readonly [severity in 'critical' | 'warning']?: string | null | undefined } | undefined,
): number | null {
  const text = stated?.[severity];
  return text === undefined
    ? defaultPolicy.alerts.remindAfterMs[severity]
    : text === null
      ? null
      : parseDuration(text);
}

function invalid(problems: readonly Problem[]): LoadedPolicy {
  return { policy: defaultPolicy, requiredFields: [], problems: cappedProblems(problems) };
}
