import { messageOf } from '../../../../src/sdk.ts';
import type { Access, ActRequest } from '../access.ts';
import type { ActingSession } from '../acting-client.ts';
import type { NewIndexFacts } from './index-facts.ts';
import { inspectIndex } from './index-state.ts';
import { dropStatement } from './index-statement.ts';

const cleanUpMs = 60_000;

/**
 * Drops the index that a rehearsal built, also when the rehearsal was interrupted: the rehearsal target is to be as it was. False when the
 * session could not do it: an interrupted reading ends its connection.
 */
export async function dropRehearsed(session: ActingSession, facts: NewIndexFacts): Promise<boolean> {
  const signal = AbortSignal.timeout(cleanUpMs);
  const found = await inspectIndex(session, facts, signal).catch(() => undefined);
  if (found === undefined) return false;
  if (found.state !== 'done' && found.state !== 'half_applied') return true;
  const outcome = await session.run(dropStatement(facts), { signal, lockTimeoutMs: cleanUpMs });
  return outcome.kind === 'done';
}

/** As `dropRehearsed`, by a session of its own. What even that leaves, the log says, and the next rehearsal drops. */
export async function dropLeftover(access: Access, request: ActRequest, facts: NewIndexFacts): Promise<void> {
  const signal = AbortSignal.timeout(cleanUpMs);
  try {
    if (await access.acting({ ...request, signal }, (session) => dropRehearsed(session, facts))) return;
    access.input.log.warn('rehearsal left its index', { target: access.input.target.id, index: facts.index });
  } catch (thrown) {
    access.input.log.warn('rehearsal left its index', {
      target: access.input.target.id,
      index: facts.index,
      error: messageOf(thrown),
    });
  }
}
