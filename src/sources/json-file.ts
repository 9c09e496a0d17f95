import { readFile } from 'node:fs/promises';

/** What a file holds as JSON, or why it cannot be read; a byte order mark is passed over. */
export async function readJson(
  path: string,
): Promise<{ readonly value: unknown } | { readonly error: string }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return { error: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')) };
  } catch (error) {
    return { error: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
