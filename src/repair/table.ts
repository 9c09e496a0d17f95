import { bq, type Fix, MEANING, UNTIL, withBlanks } from '../model/fix.ts';
import { isoMoment, isPast, lostTable } from './loss.ts';
import { isAlterable, objectOf, setDefaultCollation, setTableOptions } from './options.ts';
import { bqName, literalOrNull, shellWord } from './quoting.ts';
import { type FixCase, inPlace, noFix, rebuild, restore, statedText, type TableCase } from './repair-case.ts';
import { renameTable, savedCopy } from './statements.ts';
import { createView, isView, lostByRecreation, onTable, recreatedExternal } from './view.ts';

export function tableMissing(fixCase: FixCase): Fix | null {
  const { subject, expected } = fixCase;
  const { table } = subject;
  if (table === null) return null;
  const type = expected?.type ?? statedText(fixCase) ?? 'TABLE';
  if (type === 'TABLE') {
    return restore(
      [savedCopy(subject), renameTable(subject, { from: `${table}_restored`, to: table })],
      withBlanks`time travel can restore it ${UNTIL}, then Cloud Customer Care for 7 days more; ${MEANING}; the restored table has lost its partitioning and its tags: look at its policy tags, row access policies and grants before you give it its name back`,
    );
  }
  if (type === 'EXTERNAL') return recreatedExternal('its files are where they were');
  if (type === 'SNAPSHOT')
    return noFix('take the snapshot again from its base table, within its time travel window');
  const note = 'a view has no data to restore: create it with the query of its file';
  const lost = expected === null ? [] : lostByRecreation(expected);
  if (lost.length > 0) return rebuild([], `${note}; a CREATE VIEW would not carry ${lost.join(', ')}`);
  const statement = createView(fixCase, { type, query: expected?.settings, options: expected?.settings });
  return rebuild(
    statement === null ? [] : [statement],
    `${note}; its grants and its authorization on other datasets went with it`,
  );
}

/** A copy under the old name would be a second, older table beside the one that writers have gone on with. */
export function renamedTable(subject: FixCase['subject'], found: string): Fix {
  const table = subject.table ?? '';
  const other = withBlanks`where ${found} is a table of its own, declare it, and restore ${table} instead: ${savedCopy(subject).text} (${MEANING}), which time travel can do ${UNTIL}`;
  return inPlace(
    [renameTable(subject, { from: found, to: table })],
    withBlanks`probably ${table} was renamed to ${found}; whoever reads ${found} by that name breaks; ${other}`,
  );
}

export function tableType(tableCase: TableCase): Fix {
  const { expected, actual, subject } = tableCase;
  const { type, settings } = expected;
  const statement =
    isView(type) && lostByRecreation(expected).length === 0
      ? createView(tableCase, { type, query: settings, options: settings })
      : null;
  const note = `what is there is ${actual.type} and has to make room by hand`;
  if (statement === null || actual.type !== 'TABLE') {
    return rebuild([], `${note}; then create ${type} as its file has it`);
  }
  const table = subject.table ?? '';
  return rebuild(
    [renameTable(subject, { from: table, to: `${table}_old` }), statement],
    'the table and its rows stay as …_old, with its grants: the view has none',
  );
}

export function tableExpiration(tableCase: TableCase): Fix {
  const { subject, actual, now } = tableCase;
  const expected = statedText(tableCase);
  if (expected === null) {
    const note = `unless it is run before, the table is deleted at ${isoMoment(actual.expirationTime)}`;
    return isAlterable(actual)
      ? setTableOptions(tableCase, { options: { expiration_timestamp: 'NULL' }, note })
      : inPlace([bq(`bq update --expiration=0 ${bqName(subject)}`)], `${note}; 0 is how bq says never`);
  }
  const at = isoMoment(expected);
  if (isPast(expected, now)) {
    return noFix(
      `the expirationTime that its file states, ${at}, is past, so that the table would be deleted at once: state a later one, or null for never`,
    );
  }
  const note = `the table is deleted at ${at}`;
  if (!isAlterable(actual)) return noFix(`set the expiration when it is made anew; ${note}`);
  return setTableOptions(tableCase, {
    options: { expiration_timestamp: `TIMESTAMP_MILLIS(${expected})` },
    note,
    loss: lostTable(tableCase, { type: actual.type, at }),
  });
}

export function tableEncryption(tableCase: TableCase): Fix {
  const { type } = tableCase.actual;
  if (type !== 'TABLE' && type !== 'MATERIALIZED_VIEW') return noFix(`no key encrypts ${type}`);
  return setTableOptions(tableCase, {
    options: { kms_key_name: literalOrNull(statedText(tableCase)) },
    note: 'BigQuery must be allowed to use the key',
  });
}

export const tableCollation = onTable((tableCase: TableCase): Fix => {
  const note = 'holds for columns added from now on; those that are there keep theirs';
  return setDefaultCollation(tableCase, { of: objectOf(tableCase, tableCase.actual), note });
});

export function tableDescription(tableCase: TableCase): Fix {
  const { subject, actual } = tableCase;
  const description = statedText(tableCase);
  if (isAlterable(actual)) {
    return setTableOptions(tableCase, { options: { description: literalOrNull(description) } });
  }
  const flag = shellWord(`--description=${description ?? ''}`);
  return inPlace([bq(`bq update ${flag} ${bqName(subject)}`)]);
}
