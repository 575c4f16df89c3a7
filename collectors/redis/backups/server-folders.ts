import { join } from 'node:path';
import type { Command, Connection, Outcome } from '../connection.ts';

interface Node {
  connection(): Pick<Connection, 'pipeline'>;
}

/** Redis 6 takes one name at a time, and knows no `appenddirname`. */
const settings = ['dir', 'appenddirname'] as const;

/** Folders in which servers keep their own files, as far as they say; a server that does not answer or may not say is left out. */
export async function foldersOf(nodes: readonly Node[], signal: AbortSignal): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const node of nodes) {
    try {
      const outcomes = await node.connection().pipeline(
        settings.map((name): Command => ['CONFIG', 'GET', name]),
        signal,
      );
      const [dir, append] = outcomes.map(valueOf);
      if (dir !== undefined) folders.push(dir, ...(append === undefined ? [] : [join(dir, append)]));
    } catch {
      signal.throwIfAborted();
    }
  }
  return folders;
}

function valueOf(outcome: Outcome): string | undefined {
  const reply = outcome.error === undefined ? outcome.reply : undefined;
  const value: unknown = Array.isArray(reply) ? reply[1] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
