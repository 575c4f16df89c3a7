import type { Reply } from './listener.ts';

/** Objects of a line, for people with a terminal and for programs; what is undefined is left out. */
export function jsonReply(status: number, value: unknown): Reply {
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  return { status, headers, body: `${JSON.stringify(value)}\n` };
}
