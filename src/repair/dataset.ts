import { type Fix, sql, UNTIL, withBlanks } from '../model/fix.ts';
import { isShorter, lostHistory, lostOfNewTables } from './loss.ts';
import { setDefaultCollation, setOptions } from './options.ts';
import { datasetPath, days, literalOrNull } from './quoting.ts';
import { type FixCase, foundText, noFix, restore, statedText } from './repair-case.ts';

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

export function datasetTableExpiration(fixCase: FixCase): Fix {
  return setDefaultExpiration(fixCase, { of: 'tables', option: 'default_table_expiration_days' });
}

export function datasetPartitionExpiration(fixCase: FixCase): Fix {
  return setDefaultExpiration(fixCase, { of: 'partitions', option: 'default_partition_expiration_days' });
}

function setDefaultExpiration(
  fixCase: FixCase,
  { of, option }: { readonly of: 'tables' | 'partitions'; readonly option: string },
): Fix {
  const expected = statedText(fixCase);
  return setOptions({
    of: schemaOf(fixCase),
    options: { [option]: days(expected) },
    note: NEW_TABLES,
    loss:
      expected !== null && isShorter(expected, foundText(fixCase))
        ? lostOfNewTables(of, expected)
        : undefined,
  });
}

/** Without a setting the window is seven days. */
const DEFAULT_TIME_TRAVEL_HOURS = '168';

export function datasetTimeTravel(fixCase: FixCase): Fix {
  const hours = statedText(fixCase) ?? DEFAULT_TIME_TRAVEL_HOURS;
  const isLess = isShorter(hours, foundText(fixCase) ?? DEFAULT_TIME_TRAVEL_HOURS);
  return setOptions({
    of: schemaOf(fixCase),
    options: { max_time_travel_hours: hours },
    note: 'what the shorter of the two windows has let go cannot be restored any more',
    loss: isLess ? lostHistory(fixCase, hours) : undefined,
  });
}

export function datasetEncryption(fixCase: FixCase): Fix {
  const options = { default_kms_key_name: literalOrNull(statedText(fixCase)) };
  return setOptions({ of: schemaOf(fixCase), options, note: NEW_TABLES });
}

export function datasetCollation(fixCase: FixCase): Fix {
  return setDefaultCollation(fixCase, { of: schemaOf(fixCase), note: NEW_TABLES });
}

export function datasetDescription(fixCase: FixCase): Fix {
  return setOptions({
    of: schemaOf(fixCase),
    options: { description: literalOrNull(statedText(fixCase)) },
  });
}

function schemaOf({ subject }: FixCase): string {
  return `SCHEMA ${datasetPath(subject)}`;
}
