import { Client } from 'pg';
import type { Agent } from './agent.ts';
import type { Operator } from './operator.ts';
import type { Sight } from './stories/story.ts';
import type { Servers } from './theatre.ts';

/** What stories act on. */
export interface Stage extends Servers {
  readonly agent: Agent;
  readonly operator: Operator;
  /** Resolves as soon as the agent shows it, or after `maxMs` anyway. */
  readonly until: (isShown: Sight, maxMs: number, signal: AbortSignal) => Promise<void>;
}

/** A connection of the application for as long as the work takes. */
export async function withSession<T>(
  url: string,
  application: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ connectionString: url, application_name: application });
  client.on('error', () => undefined); // the server was stopped between two queries: the next query says so
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
