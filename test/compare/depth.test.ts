import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareFields } from '../../src/compare/fields.ts';
import { foundFields, statedFields } from '../../src/metadata/canonical.ts';
import type { Resource } from '../../src/model/ports.ts';
import { RUNS } from '../support/runs.ts';

/** BigQuery's limit: https://docs.cloud.google.com/bigquery/quotas */
const DEEPEST = 15;

const leaf = fc.record({
  name: fc.constantFrom('a', 'B', 'c_1'),
  type: fc.constantFrom('STRING', 'INTEGER', 'NUMERIC', 'TIMESTAMP', 'GEOGRAPHY', 'VECTOR'),
  mode: fc.constantFrom('NULLABLE', 'REQUIRED', 'REPEATED'),
});
const levels = fc.array(fc.constantFrom('NULLABLE', 'REPEATED'), { minLength: 0, maxLength: DEEPEST - 1 });

/** One record in the other, with the field at the bottom. */
function nested(modes: readonly string[], bottom: Resource): readonly Resource[] {
  return modes.reduceRight<readonly Resource[]>(
    (fields, mode) => [{ name: 'r', type: 'RECORD', mode, fields }],
    [bottom],
  );
}

test('a difference is found at any depth down to the fifteenth level, and only there', () => {
  fc.assert(
    fc.property(levels, leaf, leaf, (modes, expected, actual) => {
      const changes = compareFields(
        statedFields(nested(modes, expected)),
        foundFields(nested(modes, actual)),
      );
      const prefix = 'r.'.repeat(modes.length);
      const isSameName = expected.name.toLowerCase() === actual.name.toLowerCase();
      const kinds = isSameName
        ? [
            ...(expected.mode === actual.mode ? [] : ['field-mode']),
            ...(expected.type === actual.type ? [] : ['field-type']),
          ].map((kind) => [kind, prefix + expected.name])
        : [
            ['field-missing', prefix + expected.name],
            ['field-unexpected', prefix + actual.name],
          ];
      expect(changes.map(({ kind, path }) => [kind, path])).toEqual(kinds);
    }),
    RUNS,
  );
});
