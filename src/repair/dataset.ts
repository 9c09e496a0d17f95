import { bq, type Fix, sql, UNTIL, withBlanks } from '../model/fix.ts';
import { valueText } from '../model/value.ts';
import { isShorter, type Loss, lostHistory, lostOfNewTables } from './loss.ts';
import { type FixCase, inPlace, noFix, restore } from './repair-case.ts';
import { bqName, datasetPath, days, literal, literalOrNull, shellWord } from './sql-words.ts';

/*
 * ALTER SCHEMA, schema_set_options_list:
 * https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#schema_set_options_list
 */

export function datasetMissing({ subject }: FixCase): Fix {
  return restore(
    [sql(`UNDROP SCHEMA ${datasetPath(subject)}`)],
    withBlanks`brings the tables back too; it works ${UNTIL}, and in its location; if it never was there, create it as its file has it`,
  );
}

export function datasetLocation(): Fix {
  return noFix(
    'the location of a dataset never changes, so it was made anew: copy its tables to another dataset, or let the file say where it is; what was dropped with the former one can be restored in its former location only',
  );
}

const NEW_TABLES = 'holds for tables created from now on; those that are there keep what they have';

export function datasetTableExpiration({ change, subject }: FixCase): Fix {
  return setOption(subject, 'default_table_expiration_days', {
    value: days(valueText(change.expected)),
    note: NEW_TABLES,
    ...lossOfNew('tables', change),
  });
}

export function datasetPartitionExpiration({ change, subject }: FixCase): Fix {
  return setOption(subject, 'default_partition_expiration_days', {
    value: days(valueText(change.expected)),
    note: NEW_TABLES,
    ...lossOfNew('partitions', change),
  });
}

function lossOfNew(what: 'tables' | 'partitions', change: FixCase['change']): { readonly loss?: Loss } {
  const expected = valueText(change.expected);
  const actual = valueText(change.actual);
  return expected !== null && isShorter(expected, actual) ? { loss: lostOfNewTables(what, expected) } : {};
}

/** Without a setting the window is seven days. */
const DEFAULT_TIME_TRAVEL_HOURS = '168';

export function datasetTimeTravel({ change, subject, now }: FixCase): Fix {
  const hours = valueText(change.expected) ?? DEFAULT_TIME_TRAVEL_HOURS;
  const isLess = isShorter(hours, valueText(change.actual) ?? DEFAULT_TIME_TRAVEL_HOURS);
  return setOption(subject, 'max_time_travel_hours', {
    value: hours,
    ...(isLess ? { loss: lostHistory({ now }, hours) } : {}),
    note: 'what the shorter of the two windows has let go cannot be restored any more',
  });
}

export function datasetEncryption({ change, subject }: FixCase): Fix {
  return setOption(subject, 'default_kms_key_name', {
    value: literalOrNull(valueText(change.expected)),
    note: NEW_TABLES,
  });
}

export function datasetCollation({ change, subject }: FixCase): Fix {
  return inPlace(
    [
      sql(
        `ALTER SCHEMA ${datasetPath(subject)} SET DEFAULT COLLATE ${literal(valueText(change.expected) ?? '')}`,
      ),
    ],
    NEW_TABLES,
  );
}

export function datasetDescription({ change, subject }: FixCase): Fix {
  return setOption(subject, 'description', { value: literalOrNull(valueText(change.expected)), note: null });
}

function setOption(
  subject: FixCase['subject'],
  name: string,
  { value, note, loss }: { readonly value: string; readonly note: string | null; readonly loss?: Loss },
): Fix {
  const statement = `ALTER SCHEMA ${datasetPath(subject)} SET OPTIONS (${name} = ${value})`;
  return inPlace([sql(statement, loss)], note);
}

/** Of a dataset or a table. `SET OPTIONS (labels = …)` would replace the labels that no file states. */
export function changedLabels({ change, subject }: FixCase): Fix {
  const expected = labelsOf(valueText(change.expected));
  const cleared = [...labelsOf(valueText(change.actual)).keys()].filter((key) => !expected.has(key));
  const flags = [
    ...[...expected].map(([key, value]) => shellWord(`--set_label=${key}:${value}`)),
    ...cleared.map((key) => shellWord(`--clear_label=${key}`)),
  ];
  return inPlace([bq(`bq update ${flags.join(' ')} ${bqName(subject)}`)]);
}

/** Neither keys nor values can hold a comma or an equals sign: docs/labels-intro */
function labelsOf(text: string | null): ReadonlyMap<string, string> {
  const labels = text === null ? [] : text.split(', ');
  return new Map(
    labels.map((label) => {
      const [key = '', ...value] = label.split('=');
      return [key, value.join('=')];
    }),
  );
}
