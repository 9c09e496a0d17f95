import type { Command } from 'commander';
import { explainKind, listKinds } from '../kinds/guide.ts';

export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('what a kind of drift means, why it matters and what to do')
    .argument('[kind]', 'none: list all kinds')
    .action((kind: string | undefined) => {
      process.stdout.write(kind === undefined ? listKinds() : explainKind(kind));
    });
}
