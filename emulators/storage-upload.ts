import { z } from 'zod';
import { hashesOf } from './storage-objects.ts';

const metadataSchema = z.looseObject({
  name: z.string().optional(),
  contentType: z.string().optional(),
  cacheControl: z.string().optional(),
  md5Hash: z.string().optional(),
  crc32c: z.string().optional(),
});

export interface Upload {
  text: string;
  contentType: string;
  cacheControl?: string;
}

/** Reads the body of a multipart upload: the metadata in JSON, then the content. */
export function readUpload(body: string): Upload | { invalid: string } {
  const parts = partsOf(body);
  const [described, content] = parts;
  if (described === undefined || content === undefined || parts.length > 2) {
    return { invalid: `Invalid multipart request with ${parts.length} mime parts.` };
  }
  const metadata = metadataSchema.safeParse(parseJson(described.text)).data;
  if (metadata === undefined) return { invalid: 'Parse Error' };
  const mismatch = findMismatch(metadata, content.text);
  if (mismatch !== undefined) return { invalid: mismatch };

  const { contentType = content.contentType, cacheControl } = metadata;
  return { text: content.text, contentType, ...(cacheControl !== undefined && { cacheControl }) };
}

/** What the metadata of a multipart upload calls the object: the name may stand there instead of in the query. */
export function nameInUpload(body: string): string | undefined {
  const [described] = partsOf(body);
  return described && metadataSchema.safeParse(parseJson(described.text)).data?.name;
}

/** The boundary is read off the first line, where every multipart body has it. Without an end there are no parts. */
function partsOf(body: string): { contentType: string; text: string }[] {
  const boundary = /^--([^\r\n]+)\r\n/.exec(body)?.[1];
  if (boundary === undefined) return [];
  const [, ...parts] = `\r\n${body}`.split(`\r\n--${boundary}`);
  if (parts.pop()?.startsWith('--') !== true) return [];
  return parts.map((part) => {
    const [headers = '', text = ''] = part.split(/\r\n\r\n(.*)/s);
    const contentType = /^content-type:\s*(.+?)\s*$/im.exec(headers)?.[1];
    return { contentType: contentType ?? 'application/octet-stream', text };
  });
}

/** A hash that the metadata states is one that the content must have. */
function findMismatch(stated: z.infer<typeof metadataSchema>, text: string): string | undefined {
  const { md5Hash, crc32c } = hashesOf(text);
  if (stated.md5Hash !== undefined && stated.md5Hash !== md5Hash) {
    return `Provided MD5 hash "${stated.md5Hash}" doesn't match calculated MD5 hash "${md5Hash}".`;
  }
  if (stated.crc32c !== undefined && stated.crc32c !== crc32c) {
    return `Provided CRC32C "${stated.crc32c}" doesn't match calculated CRC32C "${crc32c}".`;
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
