import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { DriftError } from '../src/model/errors.ts';
import { filledIn, functionEnv, named, pairsOf, withCondition, yamlOf } from './deployed-ops.ts';

/*
 * Writes what deploy.sh hands to gcloud as files: the function's variables, the dashboard and the alert policies of ops/,
 * with the names of the project filled in.
 */

const { values } = parseArgs({
  options: {
    project: { type: 'string', default: '' },
    region: { type: 'string', default: '' },
    bucket: { type: 'string', default: '' },
    etag: { type: 'string', default: '' },
    set: { type: 'string', multiple: true, default: [] },
    condition: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: 'deployment' },
  },
});

try {
  await writeDeployment(values);
} catch (error) {
  if (!(error instanceof DriftError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 64;
}

async function writeDeployment(options: typeof values): Promise<void> {
  const { project, region, bucket, etag, set, condition, out } = options;
  const conditions = pairsOf(condition);
  const env = yamlOf(functionEnv({ project, bucket, set }));
  await rm(out, { recursive: true, force: true });
  await mkdir(join(out, 'alerts'), { recursive: true });
  await writeFile(join(out, 'env.yaml'), env);
  const read = async (file: string) =>
    JSON.parse(filledIn(await readFile(join('ops', file), 'utf8'), { project, region, bucket }));
  const write = (file: string, content: unknown) =>
    writeFile(join(out, file), `${JSON.stringify(content, null, 2)}\n`);
  await write('dashboard.json', named(await read('dashboard.json'), { project, etag }));
  for (const file of await readdir('ops/alerts')) {
    const path = join('alerts', file);
    await write(path, withCondition(await read(path), conditions[basename(file, '.json')]));
  }
}
