import type { PlayedFunction } from './function.ts';

export interface Seen {
  readonly status: number;
  readonly findings: readonly string[];
  readonly unchecked: readonly string[];
  readonly tables: unknown;
}

/** What one run found, and could not check. */
export async function run({ call, logged }: PlayedFunction): Promise<Seen> {
  const from = logged.length;
  const { status, body } = await call();
  const entries = logged.slice(from);
  const findings = entries.flatMap(({ finding }) => (finding === undefined ? [] : [finding as Subject]));
  const { unchecked } = entries.map((entry) => entry['run']).find((entry) => entry !== undefined) as {
    unchecked: readonly (Subject & { readonly reason: string })[];
  };
  return {
    status,
    findings: findings.map((finding) => `${nameOf(finding)}: ${finding.kind}`).sort(),
    unchecked: unchecked.map((entry) => `${nameOf(entry)}: ${entry.reason}`).sort(),
    tables: (body as { tables: unknown }).tables,
  };
}

interface Subject {
  readonly dataset: string;
  readonly table: string | null;
  readonly kind?: string;
}

function nameOf({ dataset, table: name }: Subject): string {
  return name === null ? dataset : `${dataset}.${name}`;
}
