import { writeOutput } from '../adapters/folders/output-file.ts';
import type { CheckResult } from '../app/check/check.ts';
import { previewMessage } from '../app/preview.ts';
import type { Policy } from '../model/policy.ts';
import { outcomesOf } from '../model/scan-result.ts';
import type { Severity } from '../model/severity.ts';
import { renderJson } from '../output/json.ts';
import { renderJunit } from '../output/junit.ts';
import { renderText } from '../output/text.ts';
import { renderHtml } from '../page/page.ts';
import { renderMessage } from '../slack/messages.ts';
import type { SlackPayload } from '../slack/payload.ts';
import { previewSlack } from '../slack/preview.ts';

export const FORMATS = ['text', 'json', 'html', 'junit', 'slack'] as const;

/** How a check is to be shown. */
export interface CheckOutput {
  readonly format: (typeof FORMATS)[number];
  readonly preview?: boolean;
  readonly output?: string;
  readonly failOn: Severity;
}

/** Writes the result where it was asked for, in its format. */
export async function printResult(
  result: CheckResult,
  { format, failOn, preview, output }: CheckOutput,
  policy: Policy,
): Promise<void> {
  const { isTTY, columns } = process.stdout;
  // https://no-color.org
  const color = isTTY === true && !process.env['NO_COLOR'];
  const width = isTTY === true ? columns : null;
  const text =
    preview === true
      ? slackPreview(result, policy, { color, width })
      : renderText(result.report, { color, width });
  if (output === undefined) {
    process.stdout.write(
      format === 'text' || preview === true ? text : rendered(result, { format, failOn }, policy),
    );
    return;
  }
  // First, so that nothing is lost where the file cannot be written after all.
  process.stdout.write(text);
  await writeOutput(output, rendered(result, { format, failOn }, policy));
}

function rendered(
  result: CheckResult,
  { format, failOn }: Pick<CheckOutput, 'format' | 'failOn'>,
  policy: Policy,
): string {
  const { report, scan } = result;
  switch (format) {
    case 'text':
      return renderText(report, { color: false });
    case 'json':
      return renderJson(report);
    case 'html':
      return renderHtml({
        ...result,
        waivers: policy.waivers,
        now: new Date(report.startedAt),
        ...NOTHING_REMEMBERED,
      });
    case 'junit':
      return renderJunit(report, outcomesOf(scan), { failOn });
    case 'slack':
      return `${JSON.stringify(slackPayload(result, policy), null, 2)}\n`;
  }
}

/** The command line knows one moment, and its page stands nowhere in particular. */
const NOTHING_REMEMBERED = { state: null, account: null, address: null } as const;

function slackPayload(result: CheckResult, policy: Policy): SlackPayload | null {
  const message = previewMessage(result, policy);
  return message === null ? null : renderMessage(message);
}

function slackPreview(
  result: CheckResult,
  policy: Policy,
  screen: Parameters<typeof previewSlack>[1],
): string {
  const payload = slackPayload(result, policy);
  return payload === null
    ? 'Slack hears nothing: there is no finding that is severe enough, and nothing unchecked.\n'
    : previewSlack(payload, screen);
}
