import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCommandLine } from './command-line.ts';
import { pageAssets } from './page-assets.ts';

readCommandLine({ script: 'page', usage: '' }, {});
await writeFile(join(import.meta.dirname, '../src/page/assets.ts'), pageAssets());
