import { createHash } from 'node:crypto';
import { jsonReply, type Reply } from './http.ts';

/** The live generation of an object. There are no others: the bucket keeps no versions. */
export interface StoredObject {
  text: string;
  /** Served instead of the text: what is no UTF-8. */
  bytes?: Buffer;
  contentType: string;
  cacheControl?: string;
  /** An int64; the service takes the microseconds of the write. */
  generation: string;
  updated: Date;
}

/** Nothing here changes metadata without writing the object anew. */
export const METAGENERATION = '1';

/** The resource that metadata, lists and writes are answered with. */
export function objectResource(bucket: string, name: string, object: StoredObject) {
  const { contentType, cacheControl, generation } = object;
  const path = `storage/v1/b/${bucket}/o/${encodeURIComponent(name.toWellFormed())}`;
  const written = object.updated.toISOString();
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink: `https://www.googleapis.com/${path}`,
    mediaLink: `https://storage.googleapis.com/download/${path}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation,
    metageneration: METAGENERATION,
    contentType,
    ...(cacheControl !== undefined && { cacheControl }),
    storageClass: 'STANDARD',
    size: String(contentOf(object).length),
    ...hashesOf(contentOf(object)),
    etag: etagOf(object),
    timeCreated: written,
    updated: written,
  };
}

export function resourceReply(bucket: string, name: string, object: StoredObject): Reply {
  return jsonReply(200, objectResource(bucket, name, object));
}

/** The client checks the hash only where the stored encoding is said to be `identity`. */
export function contentReply(object: StoredObject): Reply {
  const { md5Hash, crc32c } = hashesOf(contentOf(object));
  return {
    status: 200,
    body: contentOf(object),
    headers: {
      'content-type': object.contentType,
      etag: etagOf(object),
      'x-goog-generation': object.generation,
      'x-goog-metageneration': METAGENERATION,
      'x-goog-stored-content-encoding': 'identity',
      'x-goog-stored-content-length': String(contentOf(object).length),
      'x-goog-hash': `crc32c=${crc32c},md5=${md5Hash}`,
      'x-goog-storage-class': 'STANDARD',
    },
  };
}

/** Taken of the text as it is now, since a test may change it in place. */
export function hashesOf(text: string | Buffer): { md5Hash: string; crc32c: string } {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(Buffer.from(text)));
  return {
    md5Hash: createHash('md5').update(text).digest('base64'),
    crc32c: checksum.toString('base64'),
  };
}

function contentOf({ text, bytes }: StoredObject): Buffer {
  return bytes ?? Buffer.from(text);
}

function etagOf({ generation }: StoredObject): string {
  return Buffer.from(`${generation}/${METAGENERATION}`).toString('base64');
}

/** Castagnoli's polynomial, reflected; `zlib.crc32` has another. Not the client's own, which it is to be checked with. */
function crc32c(bytes: Uint8Array): number {
  let register = 0xffffffff;
  for (const byte of bytes) register = (register >>> 8) ^ (REMAINDERS[(register ^ byte) & 0xff] ?? 0);
  return ~register >>> 0;
}

const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
  return remainder;
});
