import type { DeclaredDataset, DeclaredTable, ExpectedTable } from '../../src/model/table.ts';
import { type Value, valueText } from '../../src/model/value.ts';

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

/** All that is declared, with what each table's source says of it, and values as the texts that reports have. */
export function declaredTexts(datasets: readonly DeclaredDataset[]): unknown {
  return withTexts(
    datasets.map((dataset) => ({
      ...dataset,
      tables: dataset.tables.map((table) => {
        const { readExpected: _, ...declared } = table;
        return { ...declared, expected: expectedOf(table) };
      }),
    })),
  );
}

function withTexts(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, withTexts(each)]));
  if (Array.isArray(value)) return value.map(withTexts);
  if (typeof value !== 'object' || value === null) return value;
  if ('of' in value) return valueText(value as Value);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withTexts(each)]));
}
