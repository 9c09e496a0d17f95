import { expect, test } from 'vitest';
import { startSlackEmulator } from '../../emulators/slack.ts';
import type { Report } from '../../src/model/report.ts';
import { renderDrift, renderFailure } from '../../src/render/slack.ts';
import { createSlackSink } from '../../src/sinks/slack.ts';
import { REPORTS } from './reports.ts';

/** Each becomes four or five characters when it is escaped. */
const SIGNS = ['<', '&', '>', '`', '😀', 'x'];

test.each(SIGNS)('Slack accepts every message, however much of %s is in it', async (sign) => {
  const long = sign.repeat(5000);
  const [finding] = REPORTS['one-finding']?.findings ?? [];
  if (finding === undefined) throw new Error('the report is gone');
  const hostile = {
    ...finding,
    path: long,
    expected: long,
    owner: long,
    consumers: [long, long],
    hint: long,
    words: { what: `field {path} ${long}`, expected: long, actual: long },
  };
  const report: Report = {
    ...(REPORTS['every-part'] as Report),
    project: long,
    unchecked: Array.from({ length: 9 }, (_, index) => ({
      dataset: long,
      table: `${index}`,
      reason: 'denied',
      detail: long,
    })),
  };
  const opened = Array.from({ length: 60 }, (_, index) => ({ ...hostile, table: `${index}${long}` }));
  const messages = [
    renderDrift({ report, opened, remembers: false }),
    renderFailure({ project: long, error: { code: 'NothingRead', message: `${long}\n${long}` } }),
  ];
  const slack = await startSlackEmulator();
  try {
    const sink = createSlackSink({ url: slack.webhookUrl, fetch: globalThis.fetch });
    for (const message of messages) if (message !== null) await sink.send(message);
    expect({ refused: slack.refused, accepted: slack.messages.length }).toEqual({ refused: [], accepted: 2 });
  } finally {
    await slack.close();
  }
});
