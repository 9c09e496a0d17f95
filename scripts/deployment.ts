import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readCommandLine, unlessRefused } from './command-line.ts';
import { filledIn, functionEnv, named, pairsOf, withCondition, yamlOf } from './deployed-ops.ts';
import { type OwnFolder, takeFolder } from './own-folder.ts';

/*
 * Writes what deploy.sh hands to gcloud as files: the function's variables, the dashboard and the alert policies of ops/,
 * with the names of the project filled in.
 */

const USAGE = {
  script: 'deployment',
  usage:
    '--project ID --region REGION --bucket NAME [--etag ETAG] [--set NAME=VALUE]… [--condition ALERT=NAME]… [--out FOLDER]',
} as const;
const { values } = readCommandLine(USAGE, {
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

const MADE = ['alerts', 'dashboard.json', 'env.yaml'];
const OWN: OwnFolder = {
  script: USAGE.script,
  makes: (name) => MADE.includes(name),
  isEarlier: (folder) =>
    Promise.all(MADE.map((name) => access(join(folder, name)))).then(
      () => true,
      () => false,
    ),
};

await unlessRefused(USAGE, writeDeployment(values));

async function writeDeployment(options: typeof values): Promise<void> {
  const { project, region, bucket, etag, set, condition } = options;
  const conditions = pairsOf(condition);
  const env = yamlOf(functionEnv({ project, bucket, set }));
  const out = await takeFolder(options.out, OWN);
  await mkdir(join(out, 'alerts'));
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
