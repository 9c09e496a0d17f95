import { counted } from '../words/printable.ts';

/* What is told on stderr while a command works. */

/** On a terminal only: a file has no use for it. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\u001B[K${text}`);
}

export function clearProgress(): void {
  showProgress('');
}

/** How far a check is: on a terminal as it goes, with how long it waits; elsewhere the wait alone, in one line. */
export interface CheckProgress {
  onTable(done: number, all: number): void;
  /** Something differs, and is read again after so many milliseconds. */
  onWait(what: 'table' | 'dataset', ms: number): void;
  stop(): void;
}

const SKIP = '(--no-confirm skips this)';

export function createCheckProgress(confirmSeconds: number): CheckProgress {
  let checked = '';
  let tables = 0;
  let readAt = 0;
  let timer: NodeJS.Timeout | undefined;

  function show(): void {
    const seconds = Math.ceil((readAt - Date.now()) / 1000);
    const what = tables === 0 ? 'what differs' : counted(tables, 'differing table');
    const wait = seconds > 0 ? `reading ${what} again in ${seconds} s ${SKIP}` : '';
    showProgress([checked, wait].filter((part) => part !== '').join('; '));
  }

  return {
    onTable(done, all) {
      checked = `checked ${done} of ${counted(all, 'table')}`;
      show();
    },
    onWait(what, ms) {
      if (ms <= 0) return;
      const isFirst = readAt === 0;
      readAt = Math.max(readAt, Date.now() + ms);
      if (what === 'table') tables += 1;
      if (process.stderr.isTTY === true) {
        timer ??= setInterval(show, 1000).unref();
        show();
      } else if (isFirst) {
        process.stderr.write(`drift: what differs is read again after ${confirmSeconds} s ${SKIP}\n`);
      }
    },
    stop() {
      clearInterval(timer);
      clearProgress();
    },
  };
}
