import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type StorageEmulator, startStorageEmulator } from '../../emulators/storage.ts';
import { type PlayedFunction, startFunction } from './function.ts';

/** A bucket `drift` with the JSON files of a folder beneath `expected-schemas/`, as deploy.sh uploads them. */
export async function startBucket(folder: string): Promise<StorageEmulator> {
  const storage = await startStorageEmulator({ bucket: 'drift' });
  onTestFinished(() => storage.close());
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.json'));
  for (const [index, file] of files.entries()) {
    storage.objects.set(`drift/expected-schemas/${file}`, {
      text: await readFile(join(folder, file), 'utf8'),
      contentType: 'application/json',
      generation: String(index + 1),
      updated: new Date(0),
    });
  }
  return storage;
}

/** The variables that deploy.sh sets for what is in the bucket. */
export function placesIn(storage: StorageEmulator) {
  return {
    EXPECTED_SCHEMAS: 'gs://drift/expected-schemas',
    STATE_URI: 'gs://drift/state',
    STORAGE_EMULATOR_HOST: storage.url,
  };
}

/** The function with its expected files, its state and its report pages in a bucket. */
export async function startDeployed({
  warehouse,
  expected,
  env = {},
}: Pick<Parameters<typeof startFunction>[0], 'warehouse' | 'expected' | 'env'>): Promise<
  PlayedFunction & { readonly storage: StorageEmulator }
> {
  const storage = await startBucket(expected);
  const played = await startFunction({ warehouse, expected, env: { ...placesIn(storage), ...env } });
  return { ...played, storage };
}
