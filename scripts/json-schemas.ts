import { z } from 'zod';
import { datasetFile, policyFile, tableFile } from '../src/files/file-schemas.ts';

/** The published JSON Schemas by file name; a test compares them with `schemas/`. */
export function jsonSchemas(): Readonly<Record<string, unknown>> {
  return {
    'table.schema.json': z.toJSONSchema(tableFile, { io: 'input' }),
    'dataset.schema.json': z.toJSONSchema(datasetFile, { io: 'input' }),
    'policy.schema.json': z.toJSONSchema(policyFile, { io: 'input' }),
  };
}
