/** `; did you mean "x"?` for the nearest of the candidates, or nothing where none is near. */
export function didYouMean(text: string, candidates: Iterable<string>): string {
  const nearest = [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(text.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length * 0.4)))
    .sort((one, other) => one.distance - other.distance)[0];
  return nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest.candidate)}?`;
}

/** Insertions, deletions and substitutions that turn one text into the other (Levenshtein). */
function editDistance(text: string, other: string): number {
  // A longer text is no misspelling, and must not cost its square.
  if (Math.abs(text.length - other.length) > 20) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...text].entries()) {
    let previous = index + 1;
    const next = [previous];
    for (const [column, otherLetter] of [...other].entries()) {
      const substituted = (row[column] ?? 0) + (letter === otherLetter ? 0 : 1);
      previous = Math.min(substituted, previous + 1, (row[column + 1] ?? 0) + 1);
      next.push(previous);
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
