import { CollectError, messageOf } from '../../src/sdk.ts';
import type { ArchiverSeen } from './archiving.ts';
import type { LocatedBackup } from './operations/backups/chain.ts';
import { listChain, toolPlaces } from './operations/backups/list.ts';
import type { PostgresContext, PostgresReader, Session } from './session.ts';

const hourMs = 3_600_000;
/** A day, and what a nightly backup may be late. */
const oldMs = 26 * hourMs;

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
  if (chains.length === 0) {
    context.find({
      code: 'backup_not_configured',
      severity: 'info',
      subject: '',
      message:
        'Reeve knows of no backup of this server: nobody is told when one is missing, and none is proven.',
      remedy:
        'Name them in backups of this target; where there are none, write a strategy with "reeve backup init".',
    });
    return;
  }
  for (const [name, chain] of chains) {
    await context.attempt(name, async (inner) => {
      const backups = await listChain(name, chain, toolPlaces(options), inner.signal).catch(
        (cause: unknown) => {
          throw new CollectError('unsupported', messageOf(cause), { cause });
        },
      );
      recordChain(inner, name, backups, chain.kind === 'pgbackrest' ? archiver : undefined);
      if (withWal.has(chain.kind)) findFailingArchiver(inner, name, archiver);
    });
  }
}

function recordChain(
  context: PostgresContext,
  chain: string,
  backups: readonly LocatedBackup[],
  archiver: Archiver | undefined,
): void {
  const found = backups.map((backup) => backup.found);
  const damaged = found.filter(({ health }) => health === 'damaged');
  context.record('backupsDamaged', damaged.length, { chain });
  const [newest] = found.filter(({ health }) => health !== 'damaged');
  if (newest !== undefined) {
    // What the server archived after the backup is in the repository too.
    const archivedAt = archiver !== undefined && !archiver.failing ? (archiver.archivedAt ?? 0) : 0;
    const until = Math.max(newest.recoverableUntil, archivedAt);
    context.record('backupAgeSeconds', age(context, newest.takenAt), { chain });
    context.record('backupRecoverableAgeSeconds', age(context, until), { chain });
    context.record('backupBytes', newest.bytes ?? undefined, { chain });
  }
  context.detail(
    'backups',
    found
      .slice(0, 20)
      .map(({ chain: of, kind, name, takenAt, bytes, health, detail }) => ({
        chain: of,
        kind,
        name,
        taken_at: new Date(takenAt).toISOString(),
        bytes,
        health,
        detail,
      })),
  );
  if (damaged.length > 0) {
    context.find({
      code: 'backup_damaged',
      severity: 'critical',
      subject: chain,
      message: `${damaged.length} backups of chain ${chain} are damaged, the newest ${damaged[0]?.name ?? ''}: ${damaged[0]?.detail ?? ''}.`,
      remedy: `Make another backup now (reeve drill TARGET --take), prove it (reeve drill), and look at the disk and the tool that made this one.`,
    });
  }
  findOld(context, chain, newest?.takenAt);
}

function findOld(context: PostgresContext, chain: string, takenAt: number | undefined): void {
  if (takenAt !== undefined && context.now - takenAt <= oldMs) return;
  context.find({
    code: 'backup_old',
    severity: 'warning',
    subject: chain,
    message:
      takenAt === undefined
        ? `Chain ${chain} holds no backup that could be restored.`
        : `The newest backup of chain ${chain} is ${Math.floor((context.now - takenAt) / hourMs)} hours old.`,
    remedy: 'Look whether its job still runs, and at what it says; make one now (reeve drill TARGET --take).',
  });
}

function age(context: PostgresContext, at: number): number {
  return Math.max(0, (context.now - at) / 1_000);
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
