import { createDeadline } from '../../src/app/deadline.ts';
import type { Deadline } from '../../src/model/ports.ts';

/** For what is not about time. */
export const endless: Deadline = createDeadline({ clock: { elapsedMs: () => 0 }, ms: null });
