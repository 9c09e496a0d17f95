import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { playedClock } from '../../emulators/clock.ts';
import { startSlackEmulator } from '../../emulators/slack.ts';
import { createSlackWebhook } from '../../src/adapters/slack-webhook/slack-webhook.ts';
import { previewMessage } from '../../src/app/preview.ts';
import { defaultPolicy } from '../../src/files/policy.ts';
import type { Report } from '../../src/model/report.ts';
import type { DatasetScan, ScanResult } from '../../src/model/scan-result.ts';
import type { DeclaredTable } from '../../src/model/table.ts';
import { renderJson } from '../../src/output/json.ts';
import { renderText } from '../../src/output/text.ts';
import { renderMessage } from '../../src/slack/messages.ts';
import type { SlackPayload, SlackText } from '../../src/slack/payload.ts';
import { previewSlack } from '../../src/slack/preview.ts';
import { stating } from '../support/declared.ts';
import { contract, REPORTS } from '../support/reports.ts';
import { STORIES } from '../support/stories.ts';

/** A missing golden fails; `UPDATE_GOLDEN=1 npx vitest run test/output/golden.test.ts` writes them anew, to be read. */
async function expectGolden(file: string, text: string): Promise<void> {
  if (process.env['UPDATE_GOLDEN'] === '1') {
    await mkdir('test/golden', { recursive: true });
    await writeFile(`test/golden/${file}`, text);
  }
  expect(text).toBe(await readFile(`test/golden/${file}`, 'utf8'));
}

/** What a run would have seen that came to this report; only the tables of its findings are declared. */
function scanOf({ findings }: Report): ScanResult {
  const unseen = { isListed: false, isComplete: false, unreadable: new Set<string>() };
  const datasets = new Set(findings.map(({ dataset }) => dataset));
  return {
    datasets: new Map(
      [...datasets].map((dataset): [string, DatasetScan] => {
        const names = findings.flatMap((finding) =>
          finding.dataset === dataset ? (finding.table ?? []) : [],
        );
        const tables = [...new Set(names)].map(
          (table): DeclaredTable => ({ table, readExpected: stating({}), contract }),
        );
        return [
          dataset,
          {
            declared: { dataset, declaredAs: dataset, tables },
            status: 'present',
            rechecks: new Map(),
            timeTravelHours: 168,
            isWhollyRead: true,
            tables: new Map(
              tables.map((declared) => [
                declared.table,
                { declared, status: 'present', isDrifted: true, rechecks: new Map() },
              ]),
            ),
            undeclaredTables: unseen,
          },
        ];
      }),
    ),
    undeclaredDatasets: unseen,
  };
}

/** As `drift check --format slack` prints it; null: nothing is severe enough. */
function slackMessage(report: Report): SlackPayload | null {
  const message = previewMessage({ report, scan: scanOf(report) }, defaultPolicy);
  return message === null ? null : renderMessage(message);
}

const SILENT = ['in-sync'];

const messages: readonly (readonly [string, () => Promise<SlackPayload | null>])[] = [
  ...Object.entries(REPORTS).map(([name, report]) => [name, async () => slackMessage(report)] as const),
  ...Object.entries(STORIES),
];

test.each(Object.entries(REPORTS))('%s as text', async (name, report) => {
  await expectGolden(`${name}.txt`, renderText(report, { color: false }));
});

test.each(Object.entries(REPORTS))('%s as JSON', async (name, report) => {
  await expectGolden(`${name}.json`, renderJson(report));
});

test.each(SILENT)('Slack hears nothing of %s', (name) => {
  expect(slackMessage(REPORTS[name] as Report)).toBeNull();
});

test.each(messages.filter(([name]) => !SILENT.includes(name)))(
  '%s as a Slack message, which Slack accepts',
  async (name, tell) => {
    const payload = await tell();
    if (payload === null) throw new Error('nothing is told');
    await expectGolden(`${name}.slack.json`, `${JSON.stringify(payload, null, 2)}\n`);
    await expectGolden(`${name}.slack.txt`, previewSlack(payload, { color: false }));

    const slack = await startSlackEmulator();
    try {
      const { clock, fetch } = { clock: playedClock(), fetch: globalThis.fetch };
      const delivery = await createSlackWebhook({ url: slack.webhookUrl, fetch, clock, log: () => {} }).send(
        payload,
      );
      expect({
        delivery,
        refused: slack.refused,
        accepted: slack.messages.map((message) => message.payload),
        begins: /^(Drift|Still open|Resolved|Unchecked)\b/.test(payload.text),
      }).toEqual({
        delivery: { status: 'sent' },
        refused: [],
        accepted: [{ ...payload, link_names: false }],
        begins: true,
      });
    } finally {
      await slack.close();
    }
  },
);

test('no golden is left over', async () => {
  const files = [
    ...Object.keys(REPORTS).flatMap((name) => [`${name}.txt`, `${name}.json`]),
    ...messages.flatMap(([name]) =>
      SILENT.includes(name) ? [] : [`${name}.slack.json`, `${name}.slack.txt`],
    ),
  ];
  expect((await readdir('test/golden')).sort()).toEqual(files.sort());
});

test('colour changes nothing but the colour', () => {
  for (const report of Object.values(REPORTS)) {
    const colored = renderText(report, { color: true });
    expect(stripVTControlCharacters(colored)).toBe(renderText(report, { color: false }));
  }
});

test('text lets no control character through', () => {
  const text = renderText(REPORTS['hostile-names'] as Report, { color: false });
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202E/u);
});

function textsOf({ blocks }: SlackPayload): readonly SlackText[] {
  return blocks.flatMap((block) => {
    if (block.type === 'divider') return [];
    return block.type === 'context' ? block.elements : [block.text];
  });
}

/** Whoever Slack would call, in all that it reads as mrkdwn. */
function mentionsOf(payload: SlackPayload): readonly string[] {
  const read = textsOf(payload).filter(({ type }) => type === 'mrkdwn');
  return [payload, ...read].flatMap(({ text }) => text.match(/<[!@#][^>]*>/g) ?? []);
}

const hostile = messages.filter(([name]) => name.startsWith('hostile-'));

test.each(hostile)('%s lets no control character and no mention through to Slack', async (name, tell) => {
  const payload = await tell();
  if (payload === null) throw new Error('nothing is told');
  const texts = [payload, ...textsOf(payload)].map(({ text }) => text);
  const lines = [...texts, previewSlack(payload, { color: false })].flatMap((text) => text.split('\n'));
  expect({
    unprintable: lines.filter((line) => /\p{Cc}|\u202E/u.test(line)),
    mentions: mentionsOf(payload),
  }).toEqual({
    unprintable: [],
    // Those of the contracts that are one user, or one group.
    mentions: name === 'hostile-mass-loss' ? ['<!subteam^S1>', '<@U012AB3CD>'] : [],
  });
});
