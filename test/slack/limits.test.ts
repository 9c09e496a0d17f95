import { describe, expect, test } from 'vitest';
import { playedClock } from '../../emulators/clock.ts';
import { startSlackEmulator } from '../../emulators/slack.ts';
import { createSlackWebhook } from '../../src/adapters/slack-webhook/slack-webhook.ts';
import type { Alert, AlertEvent } from '../../src/incidents/alert.ts';
import type { MessageContext } from '../../src/incidents/channel.ts';
import type { IncidentResolution } from '../../src/incidents/state.ts';
import { KINDS } from '../../src/kinds/index.ts';
import type { Finding } from '../../src/model/finding.ts';
import { sql } from '../../src/model/fix.ts';
import type { Severity } from '../../src/model/severity.ts';
import { renderFailure, renderLostState } from '../../src/slack/failure.ts';
import { renderAlert, renderNote } from '../../src/slack/messages.ts';
import { bounded, context, section } from '../../src/slack/parts.ts';
import type { SlackBlock, SlackPayload } from '../../src/slack/payload.ts';
import { datasetSight, declaredTable, scanOf, tableSight } from '../incidents/story.ts';
import {
  alertOf,
  failureItem,
  findingOf,
  itemOf,
  lostTable,
  reportOf,
  sceneOf,
  uncheckedItem,
} from '../support/records.ts';

/** Most become four or five characters when they are escaped. */
const SIGNS = ['<', '&', '>', '`', '*', '|', '😀', '\n', 'x'];
const LENGTH = 5000;
/** A few fill a message, which only counts the others. */
const ENORMOUS = 12;

function many<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** One finding of each kind in turn, with as much in it as there can be. */
function enormousFinding(long: string, index: number): Finding {
  const kind = KINDS[index % KINDS.length]?.id ?? 'clustering';
  return findingOf({
    kind,
    dataset: `${index % 40}${long}`,
    table: `${index}${long}`,
    path: long,
    expected: '1',
    actual: '2',
    owner: long,
    runbook: `https://wiki.example.com/${long}`,
    consumers: [long, `${long}2`],
    hint: long,
    words: { what: `field {path} ${long}`, expected: long, actual: long },
    fix: { how: 'in-place', statements: [sql(long.slice(0, 90)), sql(long)], note: long.slice(0, 300) },
  });
}

function told(long: string) {
  const at = '2026-11-22T04:17:00.000Z';
  return { at, isOpen: true, severity: 'warning', actual: long, actualWords: long, reminders: 3 } as const;
}

const CLOSINGS = (long: string): readonly IncidentResolution[] => [
  { reason: 'repaired' },
  { reason: 'not-expected' },
  { reason: 'waived', until: '2027-01-31', waiverReason: long },
];

/** Every message there is, with far too much in it. */
function enormousMessages(long: string): Readonly<Record<string, SlackPayload>> {
  const short = long.slice(0, 30);
  const sized = (index: number) => (index < ENORMOUS ? long : short);
  const findings = many(500, (index) => enormousFinding(sized(index), index));
  const unchecked = many(300, (index) => ({
    dataset: `${index % 100}${sized(index)}`,
    table: index % 7 === 0 ? null : `${index}${sized(index)}`,
    reason: index % 2 === 0 ? ('denied' as const) : ('throttled' as const),
    detail: sized(index),
  }));
  const scene = sceneOf({
    report: reportOf({ findings, unchecked }),
    note: long,
    cause: long,
    account: long,
  });
  const render = (alert: Partial<Alert>, changes: Partial<MessageContext> = {}) =>
    renderAlert(alertOf(alert), { ...scene, ...changes });
  const open = (news: AlertEvent) => findings.map((finding) => itemOf(finding, news, { told: told(long) }));
  const over = findings.slice(0, 200).map((finding, index) => {
    const closing = CLOSINGS(long)[index % 3] ?? null;
    return itemOf(finding, 'closed', { resolution: closing, told: told(long) });
  });
  const repaired: IncidentResolution = { reason: 'repaired' };
  const failure = { code: 'InvalidFiles', message: `${long}\n${long}` };
  const tablesLost = many(20 * 30, (index) =>
    lostTable({
      dataset: `${index % 20}${index % 20 < 5 ? long : short}`,
      table: `${index}${sized(index)}`,
      owner: sized(index),
      consumers: [sized(index)],
    }),
  );
  // All that is declared of each dataset is lost.
  const thirty = many(30, (index) => tableSight(declaredTable(`${index}`), { status: 'missing' }));
  const datasets = [...new Set(tablesLost.map(({ dataset }) => dataset))];
  const scan = scanOf(datasets.map((dataset) => datasetSight(dataset, thirty)));
  return {
    opened: render({ findings: open('opened') }),
    changed: render({ findings: open('changed') }),
    escalated: render({ findings: open('escalated') }),
    'first check': render({ findings: open('opened') }, { memory: 'first' }),
    'no state': render({ findings: open('opened') }, { memory: 'none' }),
    asked: render({ findings: open('opened') }, { memory: 'asked' }),
    'mass losses': render(
      { findings: tablesLost.map((finding) => itemOf(finding)) },
      { report: reportOf({ findings: tablesLost, unchecked }), scan, memory: 'none' },
    ),
    reminder: render({ topic: 'still-open', findings: open('reminded') }),
    'still open': render({
      topic: 'still-open',
      findings: [...open('flapping'), ...over],
      unchecked: unchecked.map((entry) => uncheckedItem(entry)),
      failures: [failureItem(failure, 'reminded')],
    }),
    waived: render({
      topic: 'still-open',
      findings: over.filter(({ record }) => record.resolution?.reason === 'waived'),
    }),
    resolved: render({
      topic: 'resolved',
      findings: over,
      unchecked: unchecked.map((entry) => uncheckedItem(entry, { resolution: repaired })),
      failures: [failureItem(failure, 'closed', { resolution: repaired })],
    }),
    unchecked: render({ topic: 'unchecked', unchecked: unchecked.map((entry) => uncheckedItem(entry)) }),
    'failed run': render({ failures: [failureItem(failure)] }, { report: null }),
    'long project': render({ findings: open('opened').slice(0, 1) }, { project: long }),
    failure: renderFailure({ project: long, error: failure }),
    'lost state': renderLostState({ project: long, error: failure, report: scene.report ?? reportOf() }),
    note: renderNote(long, { project: long }),
  };
}

async function refusedBySlack(messages: Readonly<Record<string, SlackPayload>>) {
  const slack = await startSlackEmulator();
  try {
    const sink = createSlackWebhook({
      url: slack.webhookUrl,
      fetch: globalThis.fetch,
      clock: playedClock(),
      log: () => {},
    });
    const refused: Record<string, string | undefined> = {};
    for (const [name, message] of Object.entries(messages)) {
      const before = slack.refused.length;
      await sink.send(message);
      // What is refused goes out as plain text.
      if (slack.refused.length > before) refused[name] = slack.refused[before]?.word;
    }
    return refused;
  } finally {
    await slack.close();
  }
}

describe('Slack accepts every message', () => {
  test.each(SIGNS)('however much of %j is in it', async (sign) => {
    expect(await refusedBySlack(enormousMessages(sign.repeat(LENGTH)))).toEqual({});
  });

  test('however many tables, with ordinary names', async () => {
    expect(await refusedBySlack(enormousMessages('a_name_of_thirty_letters_______'))).toEqual({});
  });
});

describe('a message', () => {
  test('shows a phone no more than 600 characters, and those whole', () => {
    const messages = enormousMessages('&'.repeat(LENGTH));
    const texts = Object.entries(messages).map(([name, { text }]) => ({ name, text }));
    const wrong = texts.filter(({ text }) => text.length > 600 || /&(?!amp;)/.test(text));
    expect({ wrong, longest: Math.max(...texts.map(({ text }) => text.length)) >= 590 }).toEqual({
      wrong: [],
      longest: true,
    });
  });

  const blocks = (count: number, length: number) => many(count, () => section('x'.repeat(length)));
  const leftOut = (parts: string) => context(`+${parts} of this message did not fit`);

  test.each<{
    readonly name: string;
    readonly given: readonly SlackBlock[];
    readonly shown: readonly SlackBlock[];
  }>([
    { name: '50 blocks', given: blocks(50, 1), shown: blocks(50, 1) },
    { name: 'of 51 blocks 49', given: blocks(51, 1), shown: [...blocks(49, 1), leftOut('2 more parts')] },
    { name: '12,000 characters', given: blocks(6, 2000), shown: blocks(6, 2000) },
    {
      name: 'of more characters what comes before',
      given: [...blocks(6, 2000), section('x')],
      shown: [...blocks(6, 2000), leftOut('1 more part')],
    },
  ])('has room for $name', ({ given, shown }) => {
    expect(bounded(given)).toEqual(shown);
  });
});

/** What a message says of what it leaves out. */
function leftOutOf(message: SlackPayload | undefined): readonly string[] {
  return (message?.blocks ?? []).flatMap((block) => {
    if (block.type === 'divider' || block.type === 'header') return [];
    const text = block.type === 'context' ? (block.elements[0]?.text ?? '') : block.text.text;
    return text.split('\n').filter((line) => /^\+\d+ more|^by (kind|dataset)/.test(line));
  });
}

describe('what does not fit', () => {
  const datasets = ['commerce', 'analytics'];
  const findings = many(100, (index) =>
    findingOf({
      kind: index % 4 === 0 ? 'clustering' : 'partitioning-missing',
      severity: index % 4 === 0 ? 'warning' : 'critical',
      dataset: datasets[index % 2] ?? '',
      table: `orders_of_region_${index}`,
      expected: 'DAY(created_at)',
    }),
  );
  const scene = sceneOf({ report: reportOf({ findings }) });
  const shown = (message: SlackPayload) =>
    message.blocks.filter(
      (block) => block.type === 'section' && block.text.text.startsWith('*<https://console.cloud.google.com'),
    ).length;

  test.each(['opened', 'reminded'] as const)(
    'of the %s is counted by severity, and all of them by kind and dataset',
    (news) => {
      const topic = news === 'opened' ? 'drift' : 'still-open';
      const message = renderAlert(
        alertOf({ topic, findings: findings.map((finding) => itemOf(finding, news)) }),
        scene,
      );
      const fits = shown(message);
      const left = findings.slice(fits);
      const counted = (severity: Severity) =>
        `${left.filter((finding) => finding.severity === severity).length} ${severity}`;
      expect({ isMost: fits >= 25 && fits < 60, left: leftOutOf(message) }).toEqual({
        isMost: true,
        left: [
          // Of all of them, before the first table.
          'by kind: 75 partitioning-missing, 25 clustering',
          'by dataset: 50 commerce, 50 analytics',
          `+${left.length} more findings in ${left.length} tables: ${counted('critical')}, ${counted('warning')}`,
        ],
      });
    },
  );

  test('of the resolved is counted by kind and dataset', () => {
    const message = renderAlert(
      alertOf({
        topic: 'resolved',
        findings: findings.map((finding) =>
          itemOf(finding, 'closed', { resolution: { reason: 'repaired' }, told: told('') }),
        ),
      }),
      scene,
    );
    const [, ...counts] = leftOutOf(message);
    expect(counts.map((line) => line.replace(/\d+/g, 'n'))).toEqual([
      'by kind: n partitioning-missing, n clustering',
      'by dataset: n analytics, n commerce',
    ]);
  });
});
