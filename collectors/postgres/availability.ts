import type { PostgresContext, Session } from './session.ts';

/** Role and start of the server; the facts were read when the poll began. */
export function readAvailability(session: Session, context: PostgresContext): Promise<void> {
  const { server } = session;
  context.record('inRecovery', server.inRecovery ? 1 : 0, {});
  context.record('timeline', server.timeline, {});
  context.record('startTimestampSeconds', server.startedAt, {});
  context.record('uptimeSeconds', server.uptimeSeconds, {});
  return Promise.resolve();
}
