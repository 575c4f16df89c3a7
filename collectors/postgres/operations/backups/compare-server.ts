import { z } from 'zod';
import type { Access } from '../access.ts';
import type { DrillJournal } from './drill-journal.ts';
import type { ScratchServer } from './scratch-server.ts';

const row = z.object({ identifier: z.string() });
const sql = 'SELECT system_identifier::text AS identifier FROM pg_control_system()';

/** A server's identifier is in its files and in every copy of them: a backup of another server has another. */
export async function compareServer(
  access: Access,
  server: ScratchServer,
  journal: DrillJournal,
  signal: AbortSignal,
): Promise<void> {
  const name = 'a backup of this server';
  const [restored] = await server.reading('template1', signal, (connection) =>
    connection.query(sql, row, signal),
  );
  const [target] = await access
    .reading(undefined, signal, (connection) => connection.query(sql, row, signal))
    .catch(() => []);
  signal.throwIfAborted();
  if (restored === undefined || target === undefined)
    return journal.check(name, 'not_done', 'the target was not asked for its system identifier');
  const isSame = restored.identifier === target.identifier;
  journal.check(
    name,
    isSame ? 'passed' : 'failed',
    isSame
      ? `its system identifier ${restored.identifier} is the target's`
      : `its system identifier is ${restored.identifier}, and the target's is ${target.identifier}: it is a backup of another server, or from before this one was made anew or upgraded`,
  );
}
