import { text } from 'node:stream/consumers';
import { readCommandLine, unlessRefused } from './command-line.ts';
import { functionEnv } from './deployed-ops.ts';
import { parseRunning, variableChanges } from './running-function.ts';

/*
 * Says, one a line, which variables of the function that runs a deployment would take away or change; nothing: none. Reads on
 * its standard input what `gcloud functions describe --format=json` prints.
 */

const USAGE = {
  script: 'variables',
  usage: '--project ID --bucket NAME --secret NAME [--set NAME=VALUE]… [--change NAME]… <describe.json',
} as const;
const { values } = readCommandLine(USAGE, {
  options: {
    project: { type: 'string', default: '' },
    bucket: { type: 'string', default: '' },
    secret: { type: 'string', default: '' },
    set: { type: 'string', multiple: true, default: [] },
    change: { type: 'string', multiple: true, default: [] },
  },
});

const lines = await unlessRefused(USAGE, compareVariables(values));
process.stdout.write(lines.map((line) => `${line}\n`).join(''));

async function compareVariables({ secret, change, ...options }: typeof values): Promise<readonly string[]> {
  const running = parseRunning(await text(process.stdin));
  const changes = variableChanges({ running, env: functionEnv(options), secret });
  return changes.filter(({ name }) => !change.includes(name)).map(({ name, says }) => `${name} ${says}`);
}
