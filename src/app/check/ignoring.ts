import type { Subject } from '../../model/finding.ts';
import { matchesPattern } from '../../model/pattern.ts';

/** What the policy leaves out of what nobody declares, and which of its patterns did. */
export interface Ignoring {
  isIgnored(subject: Subject): boolean;
  used(): ReadonlySet<string>;
}

export function createIgnoring(patterns: readonly string[]): Ignoring {
  const used = new Set<string>();
  return {
    isIgnored(subject) {
      // Each of them, since two may cover the same.
      for (const pattern of patterns)
        if (!used.has(pattern) && matchesPattern(pattern, subject)) used.add(pattern);
      return patterns.some((pattern) => used.has(pattern) && matchesPattern(pattern, subject));
    },
    used: () => used,
  };
}
