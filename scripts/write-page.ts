import { writeFile } from 'node:fs/promises';
import { pageAssets } from './page-assets.ts';

await writeFile('src/render/html-assets.ts', await pageAssets());
