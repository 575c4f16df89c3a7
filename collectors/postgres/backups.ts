import { CollectError, findNoBackups, messageOf, recordChain } from '../../src/sdk.ts';
import type { ArchiverSeen } from './archiving.ts';
import { listChain, toolPlaces } from './operations/backups/list.ts';
import type { PostgresContext, PostgresReader, Session } from './session.ts';

const remedies = {
  damaged:
    'make another one now (reeve drill TARGET --take), prove it later (reeve drill TARGET), and look at the disk and the tool that made this one',
  old: 'look whether its job still runs, and at what it says; reeve drill TARGET --take makes one now, and a later drill proves it',
} as const;

/** Kinds that bring data back from after the backup, as long as WAL is archived. */
const withWal = new Set(['base_backup', 'pgbackrest', 'wal_g', 'barman']);

/** Age and health of the backups that other tools make; each chain fails for itself. Asks the server nothing: it is read beside other groups. */
export function createBackupsReader(archiver: ArchiverSeen): PostgresReader {
  return (session, context) => readBackups(session, context, archiver.latest);
}

type Archiver = NonNullable<ArchiverSeen['latest']>;

async function readBackups(
  session: Session,
  context: PostgresContext,
  archiver: Archiver | undefined,
): Promise<void> {
  const { options } = session;
  const chains = Object.entries(options.backups);
  if (chains.length === 0) return findNoBackups(context);
  for (const [name, chain] of chains) {
    await context.attempt(name, async (inner) => {
      const backups = await listChain(name, chain, toolPlaces(options), inner.signal).catch(
        (cause: unknown) => {
          throw new CollectError('unsupported', messageOf(cause), { cause });
        },
      );
      recordChain(inner, {
        chain: name,
        backups: backups.map(({ found }) => found),
        // What the server archived after the backup is in the repository too.
        archivedUntil:
          chain.kind === 'pgbackrest' && archiver?.failing === false ? archiver.archivedAt : undefined,
        remedies,
      });
      if (withWal.has(chain.kind)) findFailingArchiver(inner, name, archiver);
    });
  }
}

function findFailingArchiver(context: PostgresContext, chain: string, archiver: Archiver | undefined): void {
  if (archiver?.failing !== true) return;
  const since =
    archiver.archivedAt === undefined ? 'ever' : `since ${new Date(archiver.archivedAt).toISOString()}`;
  context.find({
    code: 'backup_archiving_fails',
    severity: 'warning',
    subject: chain,
    message: `No WAL was archived ${since}: chain ${chain} brings back nothing that was committed later.`,
    remedy:
      'Look at what archive_command says in the log of the server; pg_stat_archiver names the file that fails.',
  });
}
