import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { SAMPLE_MARKER, sampleRefused } from '../../files/sample.ts';

/** Whether a folder of expected files is marked as the sample. */
export function isSample(folder: string): Promise<boolean> {
  return lstat(join(folder, SAMPLE_MARKER)).then(
    () => true,
    () => false,
  );
}

/**
 * Where a real project is looked at, the sample is no expectation of it. A stand-in for BigQuery and recorded answers are
 * what the sample is for.
 * @throws DriftError `SampleFiles`
 */
export async function refuseSample({
  folder,
  place = folder,
  project,
  isPlayed,
}: {
  readonly folder: string;
  /** As it was named; a bucket is read from a copy. */
  readonly place?: string;
  readonly project: string | null;
  /** Whether what it is compared with is a stand-in, or recorded. */
  readonly isPlayed: boolean;
}): Promise<void> {
  if (!isPlayed && (await isSample(folder))) throw sampleRefused(place, project);
}
