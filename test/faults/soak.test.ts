import { expect, test } from 'vitest';
import { soak } from './soak.ts';

test.each([1, 20260302])(
  'a day of faults and drift by chance loses no alert and invents none, from seed %i',
  { timeout: 60_000 },
  async (seed) => {
    const { problems, counts } = await soak({ runs: 25, seed });

    const isEventful = ['drifts', 'repairs', 'answers: 500', 'messages: Drift', 'messages: Resolved'].every(
      (what) => (counts[what] ?? 0) > 0,
    );
    expect({ problems, isEventful }).toEqual({ problems: [], isEventful: true });
  },
);
