/**
 * What CAST converts, by the type without parameters:
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules
 * and for INTERVAL https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions.
 * JSON and GEOGRAPHY have no cast at all, nor have numbers and times.
 */
const CASTS: Readonly<Record<string, readonly string[]>> = {
  INT64: ['BOOL', 'NUMERIC', 'BIGNUMERIC', 'FLOAT64', 'STRING'],
  NUMERIC: ['INT64', 'NUMERIC', 'BIGNUMERIC', 'FLOAT64', 'STRING'],
  BIGNUMERIC: ['INT64', 'NUMERIC', 'BIGNUMERIC', 'FLOAT64', 'STRING'],
  FLOAT64: ['INT64', 'NUMERIC', 'BIGNUMERIC', 'STRING'],
  BOOL: ['INT64', 'STRING'],
  STRING: [
    'BOOL',
    'INT64',
    'NUMERIC',
    'BIGNUMERIC',
    'FLOAT64',
    'STRING',
    'BYTES',
    'DATE',
    'DATETIME',
    'TIME',
    'TIMESTAMP',
    'INTERVAL',
    'RANGE',
  ],
  BYTES: ['STRING', 'BYTES'],
  DATE: ['STRING', 'DATETIME', 'TIMESTAMP'],
  DATETIME: ['STRING', 'DATE', 'TIME', 'TIMESTAMP'],
  TIME: ['STRING'],
  TIMESTAMP: ['STRING', 'DATE', 'DATETIME', 'TIME'],
  INTERVAL: ['STRING'],
  RANGE: ['STRING'],
};

/** Whether GoogleSQL has the cast, whatever the values. */
export function canCast({ from, to }: { readonly from: string; readonly to: string }): boolean {
  // Nothing documents a cast between the two precisions of TIMESTAMP.
  if (from.startsWith('TIMESTAMP(') || to.startsWith('TIMESTAMP(')) return false;
  return CASTS[bare(from)]?.includes(bare(to)) === true;
}

/** `NUMERIC(10, 2)` is a NUMERIC, `RANGE<DATE>` a RANGE. */
function bare(type: string): string {
  return type.replace(/[(<].*/, '');
}

const FRACTIONS: readonly string[] = ['NUMERIC', 'BIGNUMERIC', 'FLOAT64'];

/** What a cast lets go without an error; null: nothing. */
export function lostByCast({ from, to }: { readonly from: string; readonly to: string }): string | null {
  const [source, target] = [bare(from), bare(to)];
  if (target === 'INT64' && FRACTIONS.includes(source)) return 'fractions are rounded away';
  if (target === 'FLOAT64' && source !== 'STRING') return 'digits after the 15th are rounded';
  if (FRACTIONS.includes(target) && FRACTIONS.includes(source))
    return 'digits that do not fit behind the point are rounded';
  if (target === 'BOOL' && source === 'INT64') return 'every number but 0 becomes TRUE';
  if (target === 'DATE' && source !== 'STRING') return 'the time of day is lost';
  if (target === 'TIME' && source !== 'STRING') return 'the date is lost';
  const isZoned =
    [source, target].includes('TIMESTAMP') &&
    ['DATE', 'DATETIME'].includes(source === 'TIMESTAMP' ? target : source);
  return isZoned ? 'times are taken as UTC' : null;
}
