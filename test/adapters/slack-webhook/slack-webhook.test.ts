import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { playedClock } from '../../../emulators/clock.ts';
import { type Reply, startLocalServer } from '../../../emulators/http.ts';
import { type SlackFault, startSlackEmulator } from '../../../emulators/slack.ts';
import { createSlackWebhook } from '../../../src/adapters/slack-webhook/slack-webhook.ts';
import type { Delivery, SendLimits } from '../../../src/incidents/channel.ts';
import { DriftError } from '../../../src/model/errors.ts';
import type { Log } from '../../../src/model/ports.ts';
import type { SlackPayload } from '../../../src/slack/payload.ts';

type Fetch = typeof globalThis.fetch;

const payload: SlackPayload = {
  text: 'Drift in sales.orders',
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text: '`sales.orders`', verbatim: true } }],
};

/** Slack, played; `posts` counts the requests that were tried. */
async function start(faults: readonly SlackFault[] = []) {
  const slack = await startSlackEmulator();
  onTestFinished(() => slack.close());
  slack.faults.push(...faults);
  return { slack, ...sinkTo(slack.webhookUrl) };
}

/** What another server than Slack's answers, one reply after the other. */
async function startAnswering(replies: readonly Reply[]) {
  let answered = 0;
  const server = await startLocalServer(() => replies[answered++] ?? 'reset');
  onTestFinished(() => server.close());
  return sinkTo(`${server.url}/services/T000/B000/XXXX`);
}

function sinkTo(url: string, fetch: Fetch = globalThis.fetch) {
  const clock = playedClock();
  const tried: unknown[] = [];
  const logged: Parameters<Log>[0][] = [];
  const counting: Fetch = (input, init) => {
    tried.push(input);
    return fetch(input, init);
  };
  const sink = createSlackWebhook({ url, fetch: counting, clock, log: (entry) => logged.push(entry) });
  const send = async (limits?: SendLimits) => {
    const delivery = await sink.send(payload, limits);
    expectNoSecret(delivery);
    return { delivery, posts: tried.length, waits: clock.waits };
  };
  return { send, logged };
}

/** The address of the webhook is one, in whatever depth it may be. */
function expectNoSecret(delivery: Delivery): void {
  expect(inspect(delivery, { depth: 20, showHidden: true })).not.toMatch(/services|T000|XXXX/);
}

/** No request is made to it. */
const NOWHERE = 'http://127.0.0.1/services/T000/B000/XXXX';

/** A fetch that gets no answer, as the one of Node says it. */
function failingWith(code: string): Fetch {
  const cause = Object.assign(new Error(`connect ${code}`), { code });
  return () => Promise.reject(new TypeError('fetch failed', { cause }));
}

const refused = (reason: string): Delivery => ({
  status: 'refused',
  error: new DriftError('SinkRejected', `Slack did not accept the message: ${reason}`),
});
const unknown = (reason: string): Delivery => ({
  status: 'unknown',
  error: new DriftError('SinkRejected', `Slack may not have the message: ${reason}`),
});

describe('a message', () => {
  test('that Slack answers with ok is sent, as it was rendered', async () => {
    const { send, slack } = await start();
    expect(await send()).toEqual({ delivery: { status: 'sent' }, posts: 1, waits: [] });
    expect(slack.messages.map((message) => message.payload)).toEqual([{ ...payload, link_names: false }]);
  });

  test.each(['', 'OK', '{"ok":true}', '<html>Sign in</html>', 'ok: quota exceeded'])(
    'is perhaps not posted where something else answers 200 and %j',
    async (body) => {
      const { send } = await start([{ answer: { status: 200, body } }]);
      expect(await send()).toEqual({ delivery: unknown('the answer was not "ok"'), posts: 1, waits: [] });
    },
  );
});

describe('a message that Slack asks to wait with', () => {
  const limited = (retryAfter?: number): SlackFault => ({
    times: 1,
    answer: { status: 429, body: 'rate_limited', ...(retryAfter !== undefined && { retryAfter }) },
  });

  test.each([
    { name: 'once', asked: [30], waits: [30_000] },
    { name: 'several times', asked: [1, 7, 12], waits: [1000, 7000, 12_000] },
    { name: 'a minute in all', asked: [20, 20, 20], waits: [20_000, 20_000, 20_000] },
    { name: 'for no time', asked: [0, 0, 0], waits: [1000, 2000, 4000] },
    {
      name: 'for a time that it does not say',
      asked: [undefined, undefined, 3, undefined],
      waits: [1000, 2000, 3000, 4000],
    },
    { name: 'for a part of a second', asked: [0.2], waits: [1000] },
  ])('is sent after that: $name', async ({ asked, waits }) => {
    const { send, slack } = await start(asked.map(limited));
    expect(await send()).toEqual({ delivery: { status: 'sent' }, posts: asked.length + 1, waits });
    expect(slack.messages).toHaveLength(1);
  });

  test.each([
    { name: 'at once', asked: [61], waits: [] },
    { name: 'in the end', asked: [20, 20, 21], waits: [20_000, 20_000] },
    { name: 'without end', asked: Array(61).fill(1), waits: Array(60).fill(1000) },
  ])('for longer than a minute is not posted: $name', async ({ asked, waits }) => {
    const { send, slack } = await start(asked.map(limited));
    expect(await send()).toEqual({
      delivery: refused('rate_limited (HTTP 429)'),
      posts: asked.length,
      waits,
    });
    expect(slack.messages).toEqual([]);
  });

  test.each([
    { name: 'a date', retryAfter: 'Mon, 02 Mar 2026 08:00:30 GMT', waits: [30_000] },
    { name: 'a date that is past', retryAfter: 'Mon, 02 Mar 2026 07:00:00 GMT', waits: [1000] },
    { name: 'what is neither a date nor a number', retryAfter: 'soon', waits: [1000] },
    { name: 'less than nothing', retryAfter: '-5', waits: [1000] },
  ])('until $name is sent then', async ({ retryAfter, waits }) => {
    const { send } = await startAnswering([
      { status: 429, body: '', headers: { 'retry-after': retryAfter } },
      { status: 200, body: 'ok' },
    ]);
    expect(await send()).toEqual({ delivery: { status: 'sent' }, posts: 2, waits });
  });

  test('is sent after whatever time, as long as the run has it', async () => {
    const { send } = await start([200, 200].map(limited));
    expect(await send({ maxMs: 400_000 })).toEqual({
      delivery: { status: 'sent' },
      posts: 3,
      waits: [200_000, 200_000],
    });
  });

  test('is not posted after the time that the run has, in which Slack answers as well', async () => {
    const clock = playedClock();
    const slow: Fetch = async () => {
      clock.advance(14_000);
      return new Response('rate_limited', { status: 429, headers: { 'retry-after': '1' } });
    };
    const sink = createSlackWebhook({ url: NOWHERE, fetch: slow, clock, log: () => {} });
    const begun = clock.now().getTime();
    const { status } = await sink.send(payload, { maxMs: 60_000 });
    expect({
      status,
      isInTime: clock.now().getTime() - begun <= 60_000 + 14_000,
      waits: clock.waits,
    }).toEqual({
      status: 'refused',
      isInTime: true,
      waits: [1000, 1000, 1000, 1000],
    });
  });

  test('for a time that it never says backs off to a minute, for as long as the run has', async () => {
    const { send, slack } = await start([{ answer: { status: 429, body: 'rate_limited' } }]);

    const { delivery, posts, waits } = await send({ maxMs: 10 * 60_000 });

    expect({ delivery, posts, waits: waits.map((ms) => ms / 1000) }).toEqual({
      delivery: refused('rate_limited (HTTP 429)'),
      posts: 15,
      waits: [1, 2, 4, 8, 16, 32, ...Array(8).fill(60)],
    });
    expect(slack.messages).toEqual([]);
  });

  test('is not posted after the wait where nothing may be posted any more', async () => {
    const { send, slack } = await start([limited(5)]);
    let asked = 0;
    const mayPost = () => {
      asked += 1;
      if (asked > 1) throw new DriftError('StateMoved', 'the lease is lost');
    };
    await expect(send({ mayPost })).rejects.toMatchObject({ code: 'StateMoved' });
    expect(slack.messages).toEqual([]);
  });

  test('and then leaves without an answer is tried no more', async () => {
    const { send } = await start([limited(5), { answer: { status: 503 } }]);
    expect(await send()).toEqual({ delivery: unknown('HTTP 503'), posts: 2, waits: [5000] });
  });
});

describe('a connection that is refused', () => {
  test.each(['127.0.0.1', 'localhost'])('is tried three times: by %s', async (host) => {
    const { slack } = await start();
    await slack.close();
    const { send } = sinkTo(slack.webhookUrl.replace('127.0.0.1', host));
    expect(await send()).toEqual({
      delivery: refused('ECONNREFUSED'),
      posts: 3,
      waits: [1000, 2000],
    });
  });

  test.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'UND_ERR_CONNECT_TIMEOUT',
  ])('or cannot come about is tried three times: %s', async (code) => {
    const { send } = sinkTo(NOWHERE, failingWith(code));
    expect(await send()).toEqual({ delivery: refused(code), posts: 3, waits: [1000, 2000] });
  });

  test('and then is not posts the message once', async () => {
    const closed = await start();
    await closed.slack.close();
    const { slack } = await start();
    let tried = 0;
    const { send } = sinkTo(slack.webhookUrl, (input, init) => {
      tried += 1;
      return fetch(tried < 3 ? closed.slack.webhookUrl : input, init);
    });
    expect(await send()).toEqual({ delivery: { status: 'sent' }, posts: 3, waits: [1000, 2000] });
    expect(slack.messages).toHaveLength(1);
  });
});

describe('a message that may have been posted is never tried again', () => {
  test.each<{ readonly name: string; readonly answer: SlackFault['answer']; readonly reason: string }>([
    { name: 'HTTP 500', answer: { status: 500, body: 'rollup_error' }, reason: 'rollup_error (HTTP 500)' },
    { name: 'HTTP 502', answer: { status: 502, body: '<html>' }, reason: 'HTTP 502' },
    { name: 'HTTP 503', answer: { status: 503, retryAfter: 1 }, reason: 'HTTP 503' },
    { name: 'HTTP 504', answer: { status: 504 }, reason: 'HTTP 504' },
    { name: 'a connection that is reset', answer: 'reset', reason: 'UND_ERR_SOCKET' },
    {
      name: 'a connection that is reset once it was',
      answer: 'accept-then-reset',
      reason: 'UND_ERR_SOCKET',
    },
  ])('$name', async ({ answer, reason }) => {
    const { send, slack } = await start([{ times: 1, answer }]);
    expect(await send()).toEqual({ delivery: unknown(reason), posts: 1, waits: [] });
    expect(slack.messages).toHaveLength(answer === 'accept-then-reset' ? 1 : 0);
  });

  test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])(
    'a connection that came about and failed: %s',
    async (code) => {
      const { send } = sinkTo(NOWHERE, failingWith(code));
      expect(await send()).toEqual({ delivery: unknown(code), posts: 1, waits: [] });
    },
  );

  test('an answer that is no HTTP', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.6\r\n\r\n'));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.close();
    });
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { send } = sinkTo(`http://127.0.0.1:${port}/services/T000/B000/XXXX`);
    expect(await send()).toEqual({ delivery: unknown('no usable answer'), posts: 1, waits: [] });
  });

  test('a redirection, which is not followed', async () => {
    const { send } = await startAnswering([
      { status: 307, body: '', headers: { location: '/services/T000/B000/XXXX' } },
      { status: 200, body: 'ok' },
    ]);
    expect(await send()).toEqual({ delivery: unknown('no usable answer'), posts: 1, waits: [] });
  });

  test('no answer in a quarter of a minute', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      return AbortSignal.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    });
    onTestFinished(() => timeout.mockRestore());
    const { slack, send } = await start();
    expect(await send()).toEqual({ delivery: unknown('TimeoutError'), posts: 1, waits: [] });
    expect({ limits: timeout.mock.calls, messages: slack.messages }).toEqual({
      limits: [[15_000]],
      messages: [],
    });
  });

  test('no answer in time', async () => {
    const arrived = new AbortController();
    const server = await startLocalServer(() => {
      // As if the time had passed that the client allows.
      arrived.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
      return 'hang';
    });
    onTestFinished(() => server.close());
    const limits: unknown[] = [];
    const { send } = sinkTo(`${server.url}/services/T000/B000/XXXX`, (input, init) => {
      limits.push(init?.signal);
      return fetch(input, { ...init, signal: arrived.signal });
    });
    expect(await send()).toEqual({ delivery: unknown('TimeoutError'), posts: 1, waits: [] });
    expect(server.requests).toHaveLength(1);
    // Without a limit of its own the client would wait for ever.
    expect(limits).toEqual([expect.any(AbortSignal)]);
  });
});

describe('a message that Slack refuses for what it holds', () => {
  const WORDS = [
    [400, 'invalid_blocks'],
    [400, 'invalid_blocks_format'],
    [400, 'invalid_payload'],
    [400, 'invalid_attachments'],
    [400, 'msg_blocks_too_long'],
    [400, 'msg_too_long'],
    [400, 'no_text'],
    [400, 'too_many_attachments'],
    [400, 'a_word_of_tomorrow'],
    [413, 'msg_too_long'],
  ] as const;

  test.each(WORDS)('is sent once as plain text: %i %s', async (status, body) => {
    const { send, slack, logged } = await start([{ of: 'blocks', answer: { status, body } }]);

    expect(await send()).toEqual({ delivery: { status: 'sent' }, posts: 2, waits: [] });
    expect(slack.messages.map((message) => message.payload)).toEqual([
      {
        text: 'Drift in sales.orders\nSlack refused the whole of this message; the report and drift check show it.',
        link_names: false,
        parse: 'none',
      },
    ]);
    expect(logged).toEqual([
      {
        severity: 'ERROR',
        code: 'SinkRejected',
        message: `Slack refused a message for what it holds: ${body} (HTTP ${status}); the same news was sent as plain text. Its blocks are a fault of the monitor: please report it`,
      },
    ]);
  });

  test.each([
    { status: 400, body: 'invalid_payload', reason: 'invalid_payload (HTTP 400)' },
    { status: 400, body: 'constructor', reason: 'constructor (HTTP 400)' },
    { status: 400, body: '', reason: 'HTTP 400' },
    { status: 413, body: 'x'.repeat(100_000), reason: 'HTTP 413' },
  ])('and as plain text too is not accepted: HTTP $status, $reason', async ({ status, body, reason }) => {
    const { send, logged } = await start([{ answer: { status, body } }]);

    expect(await send()).toEqual({
      delivery: refused(`${reason}; as plain text: ${reason}`),
      posts: 2,
      waits: [],
    });
    expect(logged).toHaveLength(1);
  });

  test('and whose plain text gets no answer may have been posted', async () => {
    const { send } = await start([
      { of: 'blocks', answer: { status: 400, body: 'invalid_blocks' } },
      { answer: 'accept-then-reset' },
    ]);

    expect((await send()).delivery.status).toBe('unknown');
  });

  test('waits as plain text too, where Slack asks for it', async () => {
    const { send } = await start([
      { of: 'blocks', answer: { status: 400, body: 'invalid_blocks' } },
      { times: 1, answer: { status: 429, retryAfter: 7 } },
    ]);

    expect(await send()).toEqual({ delivery: { status: 'sent' }, posts: 3, waits: [7000] });
  });
});

describe('a message that Slack refuses', () => {
  test.each([
    { status: 410, word: 'channel_is_archived', remedy: 'the channel of the webhook is archived' },
    { status: 404, word: 'channel_not_found', remedy: 'the channel of the webhook is gone' },
    {
      status: 404,
      word: 'no_service',
      remedy: 'the webhook was removed or disabled; make a new one and store its address',
    },
    { status: 400, word: 'no_service_id', remedy: 'the address of the webhook is incomplete' },
    { status: 404, word: 'no_team', remedy: 'the workspace of the webhook is not there' },
    { status: 403, word: 'team_disabled', remedy: 'the workspace of the webhook is disabled' },
    {
      status: 403,
      word: 'invalid_token',
      remedy: 'the address of the webhook is wrong, or it was revoked; store the right one',
    },
    { status: 403, word: 'action_prohibited', remedy: 'an administrator forbids posts to this channel' },
    {
      status: 403,
      word: 'posting_to_general_channel_denied',
      remedy: 'an administrator forbids posts to this channel',
    },
  ])('is said with its word and what to do: $word', async ({ status, word, remedy }) => {
    const { send, slack } = await start([{ answer: { status, body: word } }]);
    expect(await send()).toEqual({
      delivery: refused(`${word} (HTTP ${status}): ${remedy}`),
      posts: 1,
      waits: [],
    });
    expect(slack.messages).toEqual([]);
  });

  test.each([
    { status: 403, body: '<html>/services/T000/B000/XXXX is blocked</html>', reason: 'HTTP 403' },
    { status: 406, body: 'Not Acceptable', reason: 'HTTP 406' },
    { status: 404, body: 'no_service\nT000/B000/XXXX', reason: 'HTTP 404' },
  ])('is said as far as it is Slack that speaks: HTTP $status, $reason', async ({ status, body, reason }) => {
    const { send } = await start([{ answer: { status, body } }]);
    expect(await send()).toEqual({ delivery: refused(reason), posts: 1, waits: [] });
  });

  test.each([
    {
      name: 'of another webhook',
      change: (url: string) => url.replace('B000', 'B999'),
      reason: /^no_service \(HTTP 404\): /,
    },
    {
      name: 'with another secret',
      change: (url: string) => url.replace('XXXX', 'YYYY'),
      reason: /^invalid_token \(HTTP 403\): /,
    },
  ])('for its address is said without it: $name', async ({ change, reason }) => {
    const { slack } = await start();
    const { delivery, posts } = await sinkTo(change(slack.webhookUrl)).send();
    expect({ status: delivery.status, posts }).toEqual({ status: 'refused', posts: 1 });
    const message = delivery.status === 'sent' ? '' : delivery.error.message;
    expect(message.replace('Slack did not accept the message: ', '')).toMatch(reason);
    expect(message).not.toMatch(/B999|YYYY/);
  });
});
