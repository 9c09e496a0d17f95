/** `; did you mean "x"?` for the nearest of the candidates, or nothing where none is near. */
export type Advise = (text: string, candidates: Iterable<string>) => string;

/** The longest name of a column. */
const MAX_LENGTH = 300;
/** Letters that are held against each other for one piece of advice: some milliseconds. */
const MAX_STEPS = 1_000_000;

/** Of very many or very long candidates only the first are looked at. */
export const didYouMean: Advise = (text, candidates) => {
  if (text.length > MAX_LENGTH) return '';
  const letters = [...text.toLowerCase()];
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  let steps = 0;
  for (const candidate of candidates) {
    const limit = Math.min(least - 1, Math.max(1, Math.floor(candidate.length * 0.4)));
    if (limit < 0 || Math.abs(text.length - candidate.length) > limit) continue;
    steps += letters.length * candidate.length;
    if (steps > MAX_STEPS) break;
    const distance = editDistance(letters, [...candidate.toLowerCase()]);
    if (distance > limit) continue;
    nearest = candidate;
    least = distance;
  }
  return nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
};

/** The same so many times, and nothing after that; `within` counts as well. */
export function adviser(times: number, within: Advise = didYouMean): Advise {
  let left = times;
  return (text, candidates) => {
    left -= 1;
    return left < 0 ? '' : within(text, candidates);
  };
}

/** Insertions, deletions and substitutions that turn one text into the other (Levenshtein). */
function editDistance(text: readonly string[], other: readonly string[]): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of text.entries()) {
    let previous = index + 1;
    const next = [previous];
    for (const [column, otherLetter] of other.entries()) {
      const substituted = (row[column] ?? 0) + (letter === otherLetter ? 0 : 1);
      previous = Math.min(substituted, previous + 1, (row[column + 1] ?? 0) + 1);
      next.push(previous);
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
