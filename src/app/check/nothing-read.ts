import type { DatasetList, Read } from '../../model/ports.ts';
import type { Report } from '../../model/report.ts';
import { subjectTitle } from '../../words/subject.ts';
import type { InspectedDataset } from './dataset.ts';
import { isCompared } from './read-result.ts';

/** Why nothing at all could be read. */
export interface NothingRead {
  readonly code: 'NothingRead' | 'ProjectNotFound';
  readonly message: string;
}

/** A run that read nothing must not pass for one that found nothing. Drift that was seen is certain all the same. */
export function whyNothingRead(
  list: Read<DatasetList>,
  datasets: readonly InspectedDataset[],
  { project, status, tables, unchecked }: Report,
): NothingRead | null {
  const isRead =
    tables.inSync + tables.drifted + tables.unchecked === 0
      ? datasets.length === 0 || datasets.some(({ result }) => isCompared(result))
      : tables.inSync + tables.drifted > 0;
  // A partition of the work may have no dataset of its own: then the list is all there is to read.
  const isAnythingRead = isRead && (datasets.length > 0 || list.status === 'found');
  if (isAnythingRead || status === 'drifted') return null;
  if (list.status === 'absent') {
    const message = `project ${project ?? '(none)'} was not found: ${list.detail}`;
    return { code: 'ProjectNotFound', message };
  }
  const causes = unchecked
    .slice(0, 10)
    .map((entry) => `${subjectTitle(entry)}: ${entry.reason}: ${entry.detail}`);
  return { code: 'NothingRead', message: ['no declared table could be read', ...causes].join('\n') };
}
