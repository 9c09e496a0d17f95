import { type ParseError, parse } from 'jsonc-parser';

/** Why a text is no JSON and where, for whoever has to mend it. `error` is what the parser said. */
export function brokenJson(text: string, error: unknown): string {
  const shape = knownShape(text);
  if (shape !== null) return `is not JSON: ${shape}`;
  const [said = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  return `is not JSON: ${said}${/\bline \d/.test(said) ? '' : placeOf(text)}`;
}

/** What stands there instead, where it is told at a glance. */
function knownShape(text: string): string | null {
  const marker = /^(?:<{7}|={7}|>{7})(?: |\r?$)/m.exec(text);
  if (marker !== null)
    return `it has conflict markers (line ${lineAt(text, marker.index)}): resolve the merge`;
  if (text.startsWith('version https://git-lfs.github.com/'))
    return 'it is a pointer of Git LFS: fetch the file itself (git lfs pull)';
  if (/^\s*<(?:!doctype|html)\b/i.test(text)) return 'it is a page of HTML';
  return null;
}

/** The engine names a place for some errors only. */
function placeOf(text: string): string {
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first === undefined) return '';
  const column = first.offset - text.lastIndexOf('\n', first.offset - 1);
  return ` (line ${lineAt(text, first.offset)} column ${column})`;
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
