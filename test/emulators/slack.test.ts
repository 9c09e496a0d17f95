import { IncomingWebhook } from '@slack/webhook';
import { afterEach, describe, expect, test } from 'vitest';
import { type SlackEmulator, startSlackEmulator } from '../../emulators/slack.ts';

const NOW = new Date('2026-01-02T03:04:05Z');

const running: SlackEmulator[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.close()));
});

async function start(options: Parameters<typeof startSlackEmulator>[0] = {}) {
  const emulator = await startSlackEmulator({ now: () => NOW, ...options });
  running.push(emulator);
  const post = async (payload: unknown, url = emulator.webhookUrl) => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(payload) });
    return { status: response.status, word: await response.text() };
  };
  return { emulator, post };
}

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const section = (text: string) => ({ type: 'section', text: mrkdwn(text) });
const button = (change: object = {}) => ({ type: 'button', text: plain('Open'), ...change });
const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);
const x = (length: number) => 'x'.repeat(length);

const RICH_MESSAGE = {
  text: 'Drift in sales.orders',
  blocks: [
    { type: 'header', block_id: 'top', text: { ...plain(x(150)), emoji: true } },
    { type: 'section', text: { ...mrkdwn(x(3000)), verbatim: true }, accessory: button({ style: 'danger' }) },
    { type: 'section', fields: times(10, mrkdwn('`ARRAY&lt;INT64&gt;`')) },
    { type: 'divider' },
    {
      type: 'context',
      elements: [
        mrkdwn('a'),
        plain('b'),
        { type: 'image', image_url: 'https://example.com/a.png', alt_text: 'a' },
      ],
    },
    { type: 'actions', elements: [button({ url: 'https://example.com', action_id: 'open', value: 'v' })] },
    { type: 'image', image_url: 'https://example.com/a.png', alt_text: 'a', title: plain('A') },
  ],
  attachments: [{ color: '#ff0000', blocks: [section('inside')] }],
};

describe('accepted messages', () => {
  test('are kept as they were sent by the real client', async () => {
    const { emulator } = await start();

    const result = await new IncomingWebhook(emulator.webhookUrl).send({ text: 'Drift found' });

    expect(result).toEqual({ text: 'ok' });
    expect(emulator.messages).toEqual([{ at: NOW, payload: { text: 'Drift found' } }]);
    expect(emulator.refused).toEqual([]);
  });

  test.each([
    ['every kind of block', RICH_MESSAGE],
    ['blocks without text', { blocks: [section('a')] }],
    ['attachments without text', { attachments: times(100, { text: 'a' }) }],
    ['50 blocks', { text: 'a', blocks: times(50, { type: 'divider' }) }],
    ['25 buttons', { blocks: [{ type: 'actions', elements: times(25, button()) }] }],
    ['13,200 characters in blocks', { blocks: [...times(4, section(x(3000))), section(x(1200))] }],
    ['keys that webhooks ignore', { text: 'a', channel: '#other', username: 'me', icon_emoji: ':ghost:' }],
  ])('can have %s', async (_, payload) => {
    const { emulator, post } = await start();

    expect(await post(payload)).toEqual({ status: 200, word: 'ok' });
    expect(emulator.messages).toEqual([{ at: NOW, payload }]);
  });

  test('are cut off after 40,000 characters of text', async () => {
    const { emulator, post } = await start();

    await post({ text: x(40_001) });

    expect(emulator.messages).toEqual([{ at: NOW, payload: { text: x(40_000) } }]);
  });
});

describe('refusals', () => {
  test('reach the real client as a status and a word', async () => {
    const { emulator } = await start();

    await expect(new IncomingWebhook(emulator.webhookUrl).send({ text: '' })).rejects.toMatchObject({
      code: 'slack_webhook_http_error',
      statusCode: 400,
      body: 'no_text',
    });
    expect(emulator.messages).toEqual([]);
    expect(emulator.refused).toEqual([{ status: 400, word: 'no_text' }]);
  });

  test.each([
    ['an empty object', {}, 'no_text'],
    ['an empty list of blocks', { blocks: [] }, 'no_text'],
    ['a list', [], 'invalid_payload'],
    ['a text', 'hello', 'invalid_payload'],
    ['null', null, 'invalid_payload'],
    ['text that is a number', { text: 1 }, 'invalid_payload'],
    ['101 attachments', { text: 'a', attachments: times(101, {}) }, 'too_many_attachments'],
    [
      '13,201 characters in blocks',
      { blocks: [...times(4, section(x(3000))), section(x(1201))] },
      'msg_blocks_too_long',
    ],
    [
      '13,201 characters in blocks and attachments',
      { blocks: times(4, section(x(3000))), attachments: [{ blocks: [section(x(1201))] }] },
      'msg_blocks_too_long',
    ],
  ])('answer %s with its word', async (_, payload, word) => {
    const { emulator, post } = await start();

    expect(await post(payload)).toEqual({ status: 400, word });
    expect(emulator.messages).toEqual([]);
  });

  test.each<[string, object[]]>([
    ['51 blocks', times(51, { type: 'divider' })],
    ['an unknown type', [{ type: 'sektion', text: mrkdwn('a') }]],
    ['no type', [{ text: mrkdwn('a') }]],
    ['a key of its own', [{ ...section('a'), colour: 'red' }]],
    ['a header in mrkdwn', [{ type: 'header', text: mrkdwn('a') }]],
    ['a long header', [{ type: 'header', text: plain(x(151)) }]],
    ['an empty header', [{ type: 'header', text: plain('') }]],
    ['an empty section', [{ type: 'section' }]],
    ['an empty text', [section('')]],
    ['a long text', [section(x(3001))]],
    ['a text of another type', [{ type: 'section', text: { type: 'markdown', text: 'a' } }]],
    ['a text that is only a string', [{ type: 'section', text: 'a' }]],
    ['emoji in mrkdwn', [{ type: 'section', text: { ...mrkdwn('a'), emoji: true } }]],
    ['11 fields', [{ type: 'section', fields: times(11, mrkdwn('a')) }]],
    ['no fields', [{ type: 'section', fields: [] }]],
    ['a long field', [{ type: 'section', fields: [mrkdwn(x(2001))] }]],
    ['an empty context', [{ type: 'context', elements: [] }]],
    ['11 context elements', [{ type: 'context', elements: times(11, mrkdwn('a')) }]],
    ['a button in a context', [{ type: 'context', elements: [button()] }]],
    ['no actions', [{ type: 'actions', elements: [] }]],
    ['26 actions', [{ type: 'actions', elements: times(26, button()) }]],
    ['a long button', [{ type: 'actions', elements: [button({ text: plain(x(76)) })] }]],
    ['a button in mrkdwn', [{ type: 'actions', elements: [button({ text: mrkdwn('a') })] }]],
    ['a long url', [{ type: 'actions', elements: [button({ url: `https://example.com/${x(3000)}` })] }]],
    ['a url that is none', [{ type: 'actions', elements: [button({ url: 'runbook' })] }]],
    ['a long block_id', [{ type: 'divider', block_id: x(256) }]],
    ['a block_id twice', times(2, { type: 'divider', block_id: 'same' })],
  ])('answer blocks with %s as invalid_blocks, also in an attachment', async (_, blocks) => {
    const { emulator, post } = await start();

    expect(await post({ text: 'a', blocks })).toEqual({ status: 400, word: 'invalid_blocks' });
    expect(await post({ text: 'a', attachments: [{ blocks }] })).toEqual({
      status: 400,
      word: 'invalid_blocks',
    });
    expect(emulator.messages).toEqual([]);
  });

  test('answer a body that is not JSON', async () => {
    const { emulator } = await start();

    const response = await fetch(emulator.webhookUrl, { method: 'POST', body: '{"text":' });

    expect(response.status).toBe(400);
    expect(await response.text()).toBe('invalid_payload');
  });

  test.each([
    ['POST', '/services/T000/B000/YYYY', 403, 'invalid_token'],
    ['POST', '/services/T000/B000/', 403, 'invalid_token'],
    ['POST', '/services/T000/B001/XXXX', 404, 'no_service'],
    ['POST', '/', 404, 'no_service'],
    ['GET', '/services/T000/B000/XXXX', 405, 'method_not_allowed'],
  ])('answer %s %s with %i %s', async (method, path, status, word) => {
    const { emulator } = await start();

    const response = await fetch(new URL(path, emulator.webhookUrl), { method });

    expect({ status: response.status, word: await response.text() }).toEqual({ status, word });
    expect(emulator.refused).toEqual([{ status, word }]);
  });
});

test('takes one message a second when the rate is enforced', async () => {
  let now = NOW.getTime();
  const { emulator, post } = await start({ enforceRate: true, now: () => new Date(now) });

  await post({ text: 'first' });
  now += 999;
  const early = await fetch(emulator.webhookUrl, { method: 'POST', body: '{"text":"early"}' });
  now += 1;
  await post({ text: 'second' });

  expect([early.status, early.headers.get('retry-after')]).toEqual([429, '1']);
  expect(emulator.messages.map(({ payload }) => payload.text)).toEqual(['first', 'second']);
});

describe('faults', () => {
  test('answer in place of Slack, after the skipped posts and as often as they say', async () => {
    const { emulator, post } = await start();
    emulator.faults.push({ skip: 1, times: 1, answer: { status: 500, body: 'rollup_error' } });

    expect([await post({ text: 'a' }), await post({ text: 'b' }), await post({ text: 'c' })]).toEqual([
      { status: 200, word: 'ok' },
      { status: 500, word: 'rollup_error' },
      { status: 200, word: 'ok' },
    ]);
    expect(emulator.messages.map(({ payload }) => payload.text)).toEqual(['a', 'c']);
    expect(emulator.refused).toEqual([{ status: 500, word: 'rollup_error' }]);
  });

  test('can ask to wait', async () => {
    const { emulator } = await start();
    emulator.faults.push({ answer: { status: 429, body: 'rate_limited', retryAfter: 30 } });

    const response = await fetch(emulator.webhookUrl, { method: 'POST', body: '{"text":"a"}' });

    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '30']);
  });

  test.each([
    ['reset', []],
    ['accept-then-reset', [{ at: NOW, payload: { text: 'a' } }]],
  ] as const)('drop the connection for %s', async (answer, messages) => {
    const { emulator } = await start();
    emulator.faults.push({ answer, times: 1 });

    await expect(new IncomingWebhook(emulator.webhookUrl).send('a')).rejects.toMatchObject({
      code: 'slack_webhook_request_error',
    });
    expect(emulator.messages).toEqual(messages);
  });

  test('never answer a post that hangs', async () => {
    const { emulator } = await start();
    emulator.faults.push({ answer: 'hang' });

    const post = fetch(emulator.webhookUrl, {
      method: 'POST',
      body: '{"text":"a"}',
      signal: AbortSignal.timeout(100),
    });

    await expect(post).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(emulator.messages).toEqual([]);
  });
});
