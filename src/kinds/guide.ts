import { didYouMean } from '../model/did-you-mean.ts';
import { DriftError } from '../model/errors.ts';
import { isKind, KINDS, kindRow } from './index.ts';

/** Every kind with its severity, one a line. */
export function listKinds(): string {
  const width = Math.max(...KINDS.map(({ id }) => id.length));
  return KINDS.map(
    ({ id, severity, finds }) => `${id.padEnd(width)}  ${severity.padEnd(8)}  ${finds}\n`,
  ).join('');
}

/** What a kind means, why it matters and what to do. @throws DriftError `UnknownKind` */
export function explainKind(kind: string): string {
  if (!isKind(kind)) {
    const near = didYouMean(
      kind,
      KINDS.map(({ id }) => id),
    );
    throw new DriftError('UnknownKind', `no kind ${JSON.stringify(kind)}${near} (drift explain lists them)`);
  }
  const { finds, severity, severityIfConsumed, cannotBeWaived, why, act } = kindRow(kind);
  const relied =
    severityIfConsumed === undefined ? '' : `; ${severityIfConsumed} when the field is critical or consumed`;
  const told = cannotBeWaived === true ? '; cannot be waived or set below warning' : '';
  return [
    kind,
    `  finds     ${finds}`,
    `  severity  ${severity}${relied}${told}`,
    `  why       ${why}`,
    `  do        ${act}`,
    '',
  ].join('\n');
}
