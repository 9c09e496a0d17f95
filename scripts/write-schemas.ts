import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCommandLine } from './command-line.ts';
import { jsonSchemas } from './json-schemas.ts';

readCommandLine({ script: 'schemas', usage: '' }, {});
// Not the folder of this name where it happens to be started.
const folder = join(import.meta.dirname, '../schemas');
await mkdir(folder, { recursive: true });
for (const [file, schema] of Object.entries(jsonSchemas())) {
  await writeFile(join(folder, file), `${JSON.stringify(schema, null, 2)}\n`);
}
