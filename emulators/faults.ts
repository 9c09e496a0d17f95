/** Which of the matching requests a fault answers: those after the first `skip`, and then `times` of them. */
export interface Repetition {
  /** Default 0. */
  skip?: number;
  /** Default: always. */
  times?: number;
}

/**
 * Returns a function that finds the fault which answers a request, or undefined when none does.
 * The first fault in the list that is due wins; the faults behind it do not see that request.
 */
export function createFaultFinder(): <Fault extends Repetition>(
  faults: readonly Fault[],
  matches: (fault: Fault) => boolean,
) => Fault | undefined {
  // Kept beside the faults, so that a fault stays plain data which a test can share or freeze.
  const seen = new WeakMap<Repetition, number>();

  return (faults, matches) =>
    faults.find((fault) => {
      if (!matches(fault)) return false;
      const before = seen.get(fault) ?? 0;
      seen.set(fault, before + 1);
      const skip = fault.skip ?? 0;
      return before >= skip && before < skip + (fault.times ?? Number.POSITIVE_INFINITY);
    });
}
