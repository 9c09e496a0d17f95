import { type FieldType, sameValue, typeName } from '../model/value.ts';

interface Conversion {
  readonly from: FieldType;
  readonly to: FieldType;
}

/** Digits before and after the point; the documentation gives BIGNUMERIC 38 whole ones and part of a 39th. */
const UNPARAMETERISED = { NUMERIC: [29, 9], BIGNUMERIC: [38, 38] } as const;

/**
 * Whether ALTER COLUMN SET DATA TYPE converts a type:
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#alter_column_set_data_type_statement
 */
export function canWiden({ from, to }: Conversion): boolean {
  if (sameValue(from, to)) return false;
  const [source, target] = [typeName(from), typeName(to)];
  if (source === 'INT64') return typeof to === 'string' && FRACTIONS.includes(to);
  if (source === 'STRING' || source === 'BYTES') return source === target && isLonger({ from, to });
  if (source === 'NUMERIC' && target === 'FLOAT64') return true;
  // BIGNUMERIC never becomes NUMERIC, whatever its parameters.
  if (source === 'BIGNUMERIC' && target === 'NUMERIC') return false;
  return isDecimal(source) && isDecimal(target) && holdsDigits({ from, to });
}

function isLonger({ from, to }: Conversion): boolean {
  const [length] = parametersOf(from);
  const [longer] = parametersOf(to);
  return length !== undefined && (longer === undefined || longer > length);
}

function holdsDigits({ from, to }: Conversion): boolean {
  const [whole, fraction] = digitsOf(from);
  const [expectedWhole, expectedFraction] = digitsOf(to);
  return expectedWhole >= whole && expectedFraction >= fraction;
}

function digitsOf(type: FieldType): readonly [number, number] {
  const [precision, scale = 0] = parametersOf(type);
  if (precision !== undefined) return [precision - scale, scale];
  const name = typeName(type);
  return isDecimal(name) ? UNPARAMETERISED[name] : [0, 0];
}

function isDecimal(name: string): name is keyof typeof UNPARAMETERISED {
  return Object.hasOwn(UNPARAMETERISED, name);
}

function parametersOf(type: FieldType): readonly number[] {
  return typeof type === 'string' ? [] : type.parameters.map(Number);
}

const FRACTIONS: readonly string[] = ['NUMERIC', 'BIGNUMERIC', 'FLOAT64'];
const TIMES: readonly string[] = ['DATE', 'DATETIME', 'TIME', 'TIMESTAMP'];

/**
 * What CAST converts, by the type without parameters:
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules
 * and for INTERVAL https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/conversion_functions.
 * JSON and GEOGRAPHY have no cast at all, nor have numbers and times.
 */
const CASTS: Readonly<Record<string, readonly string[]>> = {
  INT64: ['BOOL', ...FRACTIONS, 'STRING'],
  NUMERIC: ['INT64', ...FRACTIONS, 'STRING'],
  BIGNUMERIC: ['INT64', ...FRACTIONS, 'STRING'],
  FLOAT64: ['INT64', 'NUMERIC', 'BIGNUMERIC', 'STRING'],
  BOOL: ['INT64', 'STRING'],
  STRING: ['BOOL', 'INT64', ...FRACTIONS, 'STRING', 'BYTES', ...TIMES, 'INTERVAL', 'RANGE'],
  BYTES: ['STRING', 'BYTES'],
  DATE: ['STRING', 'DATETIME', 'TIMESTAMP'],
  DATETIME: ['STRING', 'DATE', 'TIME', 'TIMESTAMP'],
  TIME: ['STRING'],
  TIMESTAMP: ['STRING', 'DATE', 'DATETIME', 'TIME'],
  INTERVAL: ['STRING'],
  RANGE: ['STRING'],
};

/** Whether GoogleSQL has the cast, whatever the values. */
export function canCast({ from, to }: Conversion): boolean {
  // Nothing documents a cast between the two precisions of TIMESTAMP.
  if (isPicoseconds(from) || isPicoseconds(to)) return false;
  return CASTS[typeName(from)]?.includes(typeName(to)) === true;
}

function isPicoseconds(type: FieldType): boolean {
  return typeof type !== 'string' && type.name === 'TIMESTAMP';
}

/** What a cast lets go without an error; null: nothing. */
export function lostByCast({ from, to }: Conversion): string | null {
  const [source, target] = [typeName(from), typeName(to)];
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
