import { rm } from 'node:fs/promises';

// A file that was renamed in src/ must not live on in dist/.
await rm('dist', { recursive: true, force: true });
