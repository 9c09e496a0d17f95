import { writeFile } from 'node:fs/promises';
import { DriftError } from '../model/errors.ts';

/** Writes what the command line was asked to write. @throws DriftError `NotWritable` */
export async function writeOutput(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((cause: unknown) => {
    throw new DriftError(
      'NotWritable',
      `--output: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  });
}
