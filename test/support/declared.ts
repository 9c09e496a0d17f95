import type { DeclaredTable, ExpectedTable } from '../../src/model/table.ts';

/** A source of expected state that says this of a table. */
export function stating(expected: ExpectedTable): DeclaredTable['readExpected'] {
  return () => ({ status: 'found', value: expected });
}

/** What its source says of a table. @throws where it can say nothing */
export function expectedOf({ readExpected }: DeclaredTable): ExpectedTable {
  const read = readExpected();
  if (read.status === 'unreadable') throw new Error(read.detail);
  return read.value;
}
