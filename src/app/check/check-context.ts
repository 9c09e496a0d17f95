import { detailsOf } from '../../compare/details.ts';
import { judge } from '../../judge/judge.ts';
import { saysMissing } from '../../kinds/index.ts';
import type { KindRow } from '../../kinds/kind.ts';
import { MalformedError } from '../../model/errors.ts';
import type { Change, Judged, OpenFinding, Subject } from '../../model/finding.ts';
import type { Policy } from '../../model/policy.ts';
import type { Clock, DatasetList, Deadline, Read, Warehouse } from '../../model/ports.ts';
import type { Rechecks } from '../../model/scan-result.ts';
import type { Contract, ExpectedTable, Table } from '../../model/table.ts';
import { fixFor } from '../../repair/repair.ts';
import type { Ignoring } from './ignoring.ts';
import type { Pool } from './pool.ts';
import { type Compared, type ReadResult, unreadable } from './read-result.ts';
import type { Attempt } from './read-twice.ts';
import type { StarvedRuns } from './starvation.ts';
import type { Keeper } from './worst-tables.ts';

/** What every step of one run needs. */
export interface CheckContext {
  readonly warehouse: Warehouse;
  readonly policy: Policy;
  readonly project: string | null;
  readonly clock: Clock;
  readonly confirmMs: number;
  readonly deadline: Deadline;
  /** Whether a finding, told by its fingerprint, is open since an earlier run. */
  readonly isKnown: (fingerprint: string) => boolean;
  /** What is remembered of a dataset or table from earlier runs, to be compared again. */
  readonly openOf: (subject: Subject) => readonly OpenFinding[];
  /** The run's moment, by which waivers lapse. */
  readonly now: Date;
  /** The project's datasets, asked for once. */
  readonly datasetList: Promise<Read<DatasetList>>;
  readonly onTableDone: () => void;
  /** Of what differs, and is read again after so many milliseconds. */
  readonly onDiffering: (what: 'table' | 'dataset', ms: number) => void;
  /** Of tables. */
  readonly secondReads: Pool;
  readonly starvedRuns: StarvedRuns;
  readonly keeper: Keeper;
  readonly ignoring: Ignoring;
}

/** Of which dataset or table something is read. */
export interface Identity {
  readonly subject: Subject;
  readonly declaredAs: string;
  readonly contracts: readonly Contract[];
}

/** What was compared, and how it differs. */
interface Comparison {
  readonly changes: readonly Change[];
  readonly rechecks?: Rechecks;
  readonly expected?: ExpectedTable | null;
  readonly actual?: Table | null;
  /** The shard that was read of a date-sharded table. */
  readonly shard?: string;
}

/** A comparison weighed by policy. */
export function weighed(
  { policy, project, now }: CheckContext,
  { subject, declaredAs, contracts }: Identity,
  { changes, rechecks, expected = null, actual = null, shard }: Comparison,
): Compared {
  const judgement = judge(
    changes,
    {
      ...subject,
      declaredAs,
      project,
      contracts,
      now,
      ...(shard === undefined ? {} : { shard }),
      ...(actual === null ? {} : { actualType: actual.type }),
    },
    policy,
  );
  const isMissing = changes.some(({ kind }) => saysMissing(kind));
  const result: Compared = {
    status: isMissing ? 'missing' : 'present',
    judgement,
    warnings: [],
    ...(rechecks === undefined ? {} : { rechecks }),
  };
  const seen = [...judgement.open, ...judgement.waived.map(({ finding }) => finding)];
  if (seen.length === 0) return result;
  const fixOf = (change: Judged) =>
    fixFor({
      change,
      subject: { ...subject, table: shard ?? subject.table, project },
      expected,
      actual,
      now,
    });
  const [contract] = contracts;
  const { dataset, table } = subject;
  return {
    ...result,
    inFull: () => ({
      fixes: new Map(seen.map((finding) => [finding.fingerprint, fixOf(finding)])),
      details:
        table === null || expected === null || contract === undefined || judgement.open.length === 0
          ? null
          : detailsOf({ dataset, table, expected, actual, contract, changes: seen }),
    }),
  };
}

export function missing({ id: kind }: KindRow, expected: string): Change {
  return { kind, path: null, expected, actual: null };
}

export function unlessMalformed(compare: () => ReadResult): ReadResult {
  try {
    return compare();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const { message, remedy } = error;
    return { ...unreadable('malformed', message), ...(remedy === null ? {} : { remedy }) };
  }
}

/** A second answer comes before any first one: what was seen would else be left out again. */
export function rankOf(
  { starvedRuns }: CheckContext,
  { subject, attempt }: { readonly subject: Subject; readonly attempt: Attempt },
): number {
  return attempt === 'second' ? SECOND_ANSWER : starvedRuns(subject);
}

/** More than any number of runs. */
export const SECOND_ANSWER = 1e9;
