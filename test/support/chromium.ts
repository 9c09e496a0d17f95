import { accessSync, constants } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** null: there is none on this machine. `CHROMIUM` names another. */
export const CHROMIUM: string | null =
  [process.env['CHROMIUM'], ...PLACES].find((path) => path !== undefined && isExecutable(path)) ?? null;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function launchChromium(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error('there is no Chromium');
  return chromium.launch({ executablePath: CHROMIUM });
}
