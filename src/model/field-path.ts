/** Whether a dotted path is another, or lies above it. Column names have no letter case: https://docs.cloud.google.com/bigquery/docs/schemas */
export function covers(ancestor: string, path: string): boolean {
  const upper = ancestor.toLowerCase();
  const lower = path.toLowerCase();
  return lower === upper || lower.startsWith(`${upper}.`);
}

/** Whether one path is the other, or lies above or beneath it. */
export function isRelated(path: string, other: string): boolean {
  return covers(path, other) || covers(other, path);
}
