/** The page of a dataset or table in the Cloud console. */
export function consoleUrl(
  { dataset, table }: { readonly dataset: string; readonly table: string | null },
  project: string,
): string {
  const target = new URLSearchParams({ project, p: project, d: dataset });
  if (table !== null) target.set('t', table);
  target.set('page', table === null ? 'dataset' : 'table');
  return `https://console.cloud.google.com/bigquery?${target}`;
}
