import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startBigQueryEmulator } from '../emulators/bigquery.ts';
import { startSlackEmulator } from '../emulators/slack.ts';
import { writeFolder } from './support/folder.ts';
import { PROJECT } from './support/function.ts';
import { freePort } from './support/port.ts';
import { dropAmount, shopFiles, shopWarehouse } from './support/shop.ts';

/** The function as `npm start` serves it, on a machine without credentials. */
async function start(env: Readonly<Record<string, string>>) {
  const port = await freePort();
  const home = await writeFolder({});
  const framework = 'node_modules/.bin/functions-framework';
  const server: ChildProcess = spawn(
    process.execPath,
    [framework, '--source=src/function.ts', '--target=checkDrift', `--port=${port}`],
    { env: { PATH: process.env['PATH'], HOME: home, METADATA_SERVER_DETECTION: 'none', ...env } },
  );
  onTestFinished(async () => {
    server.kill();
    if (server.exitCode === null) await once(server, 'exit');
  });
  const output: string[] = [];
  server.stdout?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  server.stderr?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const url = `http://127.0.0.1:${port}/`;
  for (;;) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) return { url, output };
    await sleep(50);
  }
}

test('without credentials the run fails as it should, and a body that is no JSON shows nobody a stack', async () => {
  const [expected, folder] = await Promise.all([writeFolder(shopFiles), writeFolder({})]);
  const warehouse = shopWarehouse();
  dropAmount(warehouse);
  const bigquery = await startBigQueryEmulator({ projectId: PROJECT, warehouse });
  onTestFinished(() => bigquery.close());
  const slack = await startSlackEmulator();
  onTestFinished(() => slack.close());
  const { url, output } = await start({
    GCP_PROJECT_ID: PROJECT,
    EXPECTED_SCHEMAS: expected,
    BIGQUERY_API_ENDPOINT: bigquery.url,
    SLACK_WEBHOOK_URL: slack.webhookUrl,
    STATE_URI: `file://${folder}`,
    CONFIRM_SECONDS: '1',
  });

  const run = await fetch(url, { method: 'POST' });
  const answer = { status: run.status, type: run.headers.get('content-type'), text: await run.text() };
  const headers = { 'content-type': 'application/json' };
  const unreadable = await fetch(url, { method: 'POST', headers, body: '{' });

  expect(answer).toMatchObject({ status: 500, type: 'application/json; charset=utf-8' });
  expect(JSON.parse(answer.text)).toMatchObject({
    status: 'failed',
    error: {
      code: 'SinkRejected',
      message: expect.stringMatching(
        /^Cloud Monitoring did not accept any of the writes: Could not load the default cred/,
      ),
    },
    tables: { inSync: 1, drifted: 1, unchecked: 0 },
    alerts: { opened: 1, changed: 0, reminded: 0, resolved: 0 },
  });
  expect(slack.messages.length).toBe(1);
  expect(output.join('')).not.toMatch(
    /Exception from a finished function|Unhandled rejection|ERR_HTTP_HEADERS_SENT/,
  );
  expect({ status: unreadable.status, text: await unreadable.text() }).toEqual({
    status: 400,
    text: expect.not.stringMatching(/node_modules|at JSON\.parse/),
  });
});
