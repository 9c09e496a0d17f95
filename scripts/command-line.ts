import { type ParseArgsConfig, parseArgs } from 'node:util';
import { DriftError } from '../src/model/errors.ts';

/* What the scripts that people start have in common. Exit: 64 wrong usage, as on the command line of `drift`. */

const WRONG_USAGE = 64;

/** How a script is called: its name in package.json, and what may follow. */
export interface Usage {
  readonly script: string;
  readonly usage: string;
}

/** What was typed; `--help` and what is not understood end the process. */
export function readCommandLine<const Config extends ParseArgsConfig>(
  usage: Usage,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  if (process.argv.slice(2).includes('--help')) {
    process.stdout.write(usageLine(usage));
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // What Node says after the first sentence is about another use of the same characters.
    const [says = ''] = error.message.split(/\.(?:\s|$)/);
    return misused(usage, says.charAt(0).toLowerCase() + says.slice(1));
  }
}

/** Says what was not understood, with the usage, and ends the process. */
export function misused(usage: Usage, says: string): never {
  process.stderr.write(`${usage.script}: ${says}\n${usageLine(usage)}`);
  process.exit(WRONG_USAGE);
}

/** The result, or the end of the process with one sentence where it is refused. */
export async function unlessRefused<T>({ script }: Usage, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DriftError)) throw error;
    process.stderr.write(`${script}: ${error.message}\n`);
    return process.exit(WRONG_USAGE);
  }
}

function usageLine({ script, usage }: Usage): string {
  return `usage: npm run ${script}${usage === '' ? '' : ` -- ${usage}`}\n`;
}
