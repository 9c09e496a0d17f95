/** Digits before and after the point; the documentation gives BIGNUMERIC 38 whole ones and part of a 39th. */
const UNPARAMETERISED = { NUMERIC: [29, 9], BIGNUMERIC: [38, 38] } as const;

const FROM_INT64: readonly string[] = ['NUMERIC', 'BIGNUMERIC', 'FLOAT64'];

interface Parsed {
  readonly name: string;
  readonly parameters: readonly number[];
}

/**
 * Whether ALTER COLUMN SET DATA TYPE converts a type:
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#alter_column_set_data_type_statement
 */
export function canWiden({ from, to }: { readonly from: string; readonly to: string }): boolean {
  const actual = parsed(from);
  const expected = parsed(to);
  if (actual === null || expected === null || from === to) return false;
  if (actual.name === 'INT64') return FROM_INT64.includes(to);
  if (actual.name === 'STRING' || actual.name === 'BYTES') return isLonger(actual, expected);
  if (actual.name === 'NUMERIC' && to === 'FLOAT64') return true;
  return isNumeric(actual.name) && isNumeric(expected.name) && holdsDigits(actual, expected);
}

function parsed(type: string): Parsed | null {
  const match = /^([A-Z0-9]+)(?:\(([0-9]+)(?:, ([0-9]+))?\))?$/.exec(type);
  if (match === null) return null;
  const [, name = '', ...parameters] = match;
  return { name, parameters: parameters.filter((digits) => digits !== undefined).map(Number) };
}

function isLonger(actual: Parsed, expected: Parsed): boolean {
  const [length] = actual.parameters;
  const [longer] = expected.parameters;
  return actual.name === expected.name && length !== undefined && (longer === undefined || longer > length);
}

function isNumeric(name: string): name is keyof typeof UNPARAMETERISED {
  return Object.hasOwn(UNPARAMETERISED, name);
}

/** BIGNUMERIC never becomes NUMERIC, whatever its parameters. */
function holdsDigits(actual: Parsed, expected: Parsed): boolean {
  if (actual.name === 'BIGNUMERIC' && expected.name === 'NUMERIC') return false;
  const [whole, fraction] = digitsOf(actual);
  const [expectedWhole, expectedFraction] = digitsOf(expected);
  return expectedWhole >= whole && expectedFraction >= fraction;
}

function digitsOf({ name, parameters: [precision, scale = 0] }: Parsed): readonly [number, number] {
  if (precision !== undefined) return [precision - scale, scale];
  return isNumeric(name) ? UNPARAMETERISED[name] : [0, 0];
}
