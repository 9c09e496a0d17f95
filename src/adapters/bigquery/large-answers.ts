import type { Readable } from 'node:stream';
import PQueue from 'p-queue';
import { MalformedError } from '../../model/errors.ts';

/** Many times what 10,000 described fields take: more of it is no table, and would fill the memory. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Many times what a usual table takes. With what is made of it, a larger one takes up to ten times as much memory. */
const LARGE_BYTES = 1024 * 1024;

/** Limits a part of the reading in time, which waiting for its turn does not count to. */
export type Limit = <T>(part: () => Promise<T>) => Promise<T>;

export interface AnswerReader {
  /**
   * What `parse` makes of the text. Of the answers that are large one at a time is read on and parsed: dozens together would fill
   * the memory. @throws MalformedError where it has no end
   */
  read<T>(body: Readable, options: { limit: Limit; parse: (text: string) => T }): Promise<T>;
}

export function createAnswerReader(): AnswerReader {
  const turns = new PQueue({ concurrency: 1 });
  return {
    async read<T>(stream: Readable, { limit, parse }: { limit: Limit; parse: (text: string) => T }) {
      const chunks: Uint8Array[] = [];
      const rest = await limit(async () => {
        const body: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
        return (await isAllWithin(LARGE_BYTES, body, chunks)) ? null : body;
      });
      const parsed = () => parse(Buffer.concat(chunks).toString('utf8'));
      if (rest === null) return parsed();
      return turns.add(async () => {
        const isAll = await limit(() => isAllWithin(MAX_BYTES, rest, chunks));
        if (!isAll) throw new MalformedError(TOO_LONG);
        return parsed();
      });
    },
  };
}

const TOO_LONG = 'the answer is longer than 64 MB';

/** Takes chunks until there are more bytes than that, or no more. */
async function isAllWithin(
  most: number,
  body: AsyncIterator<Uint8Array>,
  chunks: Uint8Array[],
): Promise<boolean> {
  let bytes = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
  while (bytes <= most) {
    const next = await body.next();
    if (next.done === true) return true;
    chunks.push(next.value);
    bytes += next.value.byteLength;
  }
  return false;
}
