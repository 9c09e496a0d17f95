import type { RecordedRequest } from './http.ts';
import type { StorageTarget } from './storage-errors.ts';

const UPLOAD = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/;
const OBJECTS = /^\/storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+))?$/;
const LONGEST_NAME_BYTES = 1024;

/** What a request asks for. Undefined for any that is not answered here, or whose path is not encoded properly. */
export function targetOf({ method, path, query }: RecordedRequest): StorageTarget | undefined {
  try {
    const [, uploadedTo] = UPLOAD.exec(path) ?? [];
    if (uploadedTo !== undefined && method === 'POST' && query['uploadType'] === 'multipart') {
      const { name = '' } = query;
      return { operation: 'write', bucket: decodeURIComponent(uploadedTo), name, media: false };
    }
    const [, bucket, name] = (OBJECTS.exec(path) ?? []).map((part) => part && decodeURIComponent(part));
    if (bucket === undefined) return undefined;
    if (name === undefined) {
      return method === 'GET' ? { operation: 'list', bucket, media: false } : undefined;
    }
    if (method === 'DELETE') return { operation: 'delete', bucket, name, media: false };
    const media = query['alt'] === 'media';
    return method === 'GET' ? { operation: 'read', bucket, name, media } : undefined;
  } catch {
    return undefined;
  }
}

/** https://docs.cloud.google.com/storage/docs/objects#naming */
export function isObjectName(name: string): boolean {
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > LONGEST_NAME_BYTES || /[\r\n]/.test(name)) return false;
  return name !== '.' && name !== '..' && !name.startsWith('.well-known/acme-challenge/');
}
