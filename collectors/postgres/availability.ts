import type { PostgresContext, Session } from './session.ts';

/** Role and start of the server; the facts were read when the poll began. */
export function readAvailability(session: Session, context: PostgresContext): Promise<void> {
  context.record('inRecovery', session.server.inRecovery ? 1 : 0, {});
  context.record('startTimestamp', session.server.startedAt, {});
  return Promise.resolve();
}
