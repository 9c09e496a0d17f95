import { mkdir, writeFile } from 'node:fs/promises';
import { jsonSchemas } from './json-schemas.ts';

await mkdir('schemas', { recursive: true });
for (const [file, schema] of Object.entries(jsonSchemas())) {
  await writeFile(`schemas/${file}`, `${JSON.stringify(schema, null, 2)}\n`);
}
