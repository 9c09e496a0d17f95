import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { startSlackEmulator } from '../../emulators/slack.ts';
import type { SlackPayload } from '../../src/model/ports.ts';
import type { Report } from '../../src/model/report.ts';
import { renderJson } from '../../src/render/json.ts';
import { isToldInSlack, renderDrift, renderFailure } from '../../src/render/slack.ts';
import { previewSlack } from '../../src/render/slack-preview.ts';
import { renderText } from '../../src/render/text.ts';
import { createSlackSink } from '../../src/sinks/slack.ts';
import { REPORTS } from './reports.ts';

/** A missing golden fails; `UPDATE_GOLDEN=1 npx vitest run test/render` writes them anew, to be read. */
async function expectGolden(file: string, text: string): Promise<void> {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    await mkdir('test/golden', { recursive: true });
    await writeFile(`test/golden/${file}`, text);
  }
  expect(text).toBe(await readFile(`test/golden/${file}`, 'utf8'));
}

function slackMessage(report: Report): SlackPayload | null {
  const opened = report.findings.filter((finding) => isToldInSlack(finding, 'warning'));
  return renderDrift({ report, opened, remembers: false });
}

const FAILURES: Readonly<Record<string, SlackPayload>> = {
  'invalid-files': renderFailure({
    project: 'livhana-production',
    error: {
      code: 'InvalidFiles',
      message:
        '1 problem in the expected files\ncommerce/orders.json: $.shema: unknown key "shema"; did you mean "schema"?',
    },
  }),
  'nothing-read': renderFailure({
    project: 'livhana-production',
    error: {
      code: 'NothingRead',
      message: `nothing could be read\n${'commerce: denied: <!channel> `x`\n'.repeat(200)}`,
    },
  }),
};

const messages = [
  ...Object.entries(REPORTS).map(([name, report]) => [name, slackMessage(report)] as const),
  ...Object.entries(FAILURES),
];

const files = [
  ...Object.keys(REPORTS).flatMap((name) => [`${name}.txt`, `${name}.json`]),
  ...messages.flatMap(([name, payload]) =>
    payload === null ? [] : [`${name}.slack.json`, `${name}.slack.txt`],
  ),
];

test.each(Object.entries(REPORTS))('%s as text', async (name, report) => {
  await expectGolden(`${name}.txt`, renderText(report, { color: false }));
});

test.each(Object.entries(REPORTS))('%s as JSON', async (name, report) => {
  await expectGolden(`${name}.json`, renderJson(report));
});

test.each(messages)('%s as a Slack message, which Slack accepts', async (name, payload) => {
  if (payload === null) {
    expect(['in-sync', 'unchecked-only']).toContain(name);
    return;
  }
  await expectGolden(`${name}.slack.json`, `${JSON.stringify(payload, null, 2)}\n`);
  await expectGolden(`${name}.slack.txt`, previewSlack(payload, { color: false }));

  const slack = await startSlackEmulator();
  try {
    await createSlackSink({ url: slack.webhookUrl, fetch: globalThis.fetch }).send(payload);
    expect({ refused: slack.refused, accepted: slack.messages.map((message) => message.payload) }).toEqual({
      refused: [],
      accepted: [payload],
    });
  } finally {
    await slack.close();
  }
});

test('no golden is left over', async () => {
  expect((await readdir('test/golden')).sort()).toEqual([...files].sort());
});

test('colour changes nothing but the colour', () => {
  for (const report of Object.values(REPORTS)) {
    const colored = renderText(report, { color: true });
    expect(stripVTControlCharacters(colored)).toBe(renderText(report, { color: false }));
  }
});

test('no renderer lets a control character through', () => {
  const hostile = REPORTS['hostile-names'];
  if (hostile === undefined) throw new Error('the report is gone');
  const payload = slackMessage(hostile);
  if (payload === null) throw new Error('nothing to tell');
  const outputs = [
    renderText(hostile, { color: false }),
    previewSlack(payload, { color: false }),
    JSON.stringify(payload),
  ];
  for (const output of outputs) expect(output.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202E/u);
});
