import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

export type Reply = (request: IncomingMessage, response: ServerResponse) => void;

/** A double of Context7 on loopback: it answers as the test says and remembers what it was asked. The real service is never reached. */
export interface Context7Double extends AsyncDisposable {
  readonly url: string;
  /** Path and query of every request, oldest first. */
  readonly asked: string[];
  /** The `authorization` of the last request. */
  readonly authorization: string | undefined;
  reply: Reply;
}

export async function startContext7Double(reply: Reply = answer()): Promise<Context7Double> {
  const asked: string[] = [];
  const state: { reply: Reply; authorization: string | undefined } = { reply, authorization: undefined };
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    state.authorization = request.headers.authorization;
    state.reply(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = addressOf(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    get authorization() {
      return state.authorization;
    },
    get reply() {
      return state.reply;
    },
    set reply(next) {
      state.reply = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Answers a search with these versions and a question with this text. */
export function answer(
  text = 'Use CONCURRENTLY.',
  versions: readonly string[] = [],
  id = '/websites/postgresql',
): Reply {
  return (request, response) => {
    const body = request.url?.startsWith('/api/v2/libs/search')
      ? {
          results: [
            { id: '/somebody/postgresql', versions: ['17'] },
            { id, title: 'PostgreSQL', versions },
          ],
        }
      : { codeSnippets: [], infoSnippets: [{ breadcrumb: 'Indexes', content: text }] };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  };
}

export function status(code: number, body = '', headers: Readonly<Record<string, string>> = {}): Reply {
  return (_request, response) => void response.writeHead(code, headers).end(body);
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the double does not listen');
  return address;
}
