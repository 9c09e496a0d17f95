import type { Deadline } from '../../src/model/ports.ts';
import { createDeadline } from '../../src/run/deadline.ts';

/** For what is not about time. */
export const endless: Deadline = createDeadline({ clock: { elapsedMs: () => 0 }, ms: null });
