import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** One request as it arrived. `path` is left percent-encoded, `query` is decoded. */
export interface RecordedRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  at: Date;
}

/** `reset` destroys the socket without an answer; `hang` never answers. */
export type Reply =
  | { status: number; body: string | Buffer; headers?: Record<string, string> }
  | 'reset'
  | 'hang';

/** Answers one request. `closed` fires when the exchange is over, answered or not. */
export type Answer = (
  request: RecordedRequest,
  body: string,
  closed: (listener: () => void) => void,
) => Reply | Promise<Reply>;

export interface LocalServer {
  url: string;
  requests: RecordedRequest[];
  close(): Promise<void>;
}

export function jsonReply(status: number, content: unknown): Reply {
  const headers = { 'content-type': 'application/json; charset=UTF-8' };
  return { status, body: JSON.stringify(content), headers };
}

export function textReply(status: number, body: string, headers: Record<string, string> = {}): Reply {
  return { status, body, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } };
}

/** Starts a server on 127.0.0.1 at a free port and records every request before it is answered. */
export async function startLocalServer(answer: Answer): Promise<LocalServer> {
  const requests: RecordedRequest[] = [];

  const server = createServer(async (incoming, response) => {
    const request = describe(incoming);
    requests.push(request);
    try {
      const body = await text(incoming);
      send(await answer(request, body, (listener) => response.once('close', listener)), response);
    } catch (error) {
      // A client that gives up while it is sending ends up here as well; its socket is gone by then.
      send(textReply(500, `The emulator failed: ${String(error)}`), response);
    }
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The path is cut out by hand: the URL class would resolve dot segments, which must arrive as sent. */
function describe(incoming: IncomingMessage): RecordedRequest {
  const [path = '', search = ''] = (incoming.url ?? '').split(/\?(.*)/s);
  return {
    method: incoming.method ?? '',
    path,
    query: Object.fromEntries(new URLSearchParams(search)),
    at: new Date(),
  };
}

function send(reply: Reply, response: ServerResponse): void {
  if (reply === 'hang') return;
  if (reply === 'reset') {
    response.socket?.destroy();
    return;
  }
  response.writeHead(reply.status, reply.headers ?? {}).end(reply.body);
}
