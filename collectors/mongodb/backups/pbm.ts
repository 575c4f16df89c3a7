import { z } from 'zod';
import { type BackupFound, CollectError } from '../../../src/sdk.ts';
import type { PbmChain } from './config.ts';
import { findProgram, missingText } from './find-program.ts';
import { runProgram } from './run-program.ts';

/** What `pbm list --out=json` prints; times are Unix seconds. */
const listing = z.object({
  snapshots: z
    .array(
      z.object({
        name: z.string(),
        status: z.string(),
        size: z.number().optional(),
        restoreTo: z.number(),
        type: z.string().optional(),
        error: z.string().optional(),
        nss: z.array(z.string()).optional(),
      }),
    )
    .nullish(),
  pitr: z
    .object({
      on: z.boolean().optional(),
      ranges: z.array(z.object({ range: z.object({ start: z.number(), end: z.number() }) })).nullish(),
    })
    .optional(),
});

const limitMs = 30_000;
const running = new Set(['starting', 'running', 'dumpDone', 'copyReady']);

/**
 * Backups that Percona Backup for MongoDB knows of.
 *
 * @throws {CollectError} when `pbm` is not there, fails, or prints something else.
 * @see https://docs.percona.com/percona-backup-mongodb/reference/pbm-commands.html
 */
export async function listPbm(
  chain: string,
  { url }: PbmChain,
  binaries: string | undefined,
  signal: AbortSignal,
): Promise<readonly BackupFound[]> {
  const program = await findProgram('pbm', binaries);
  if (program === undefined) throw new CollectError('unsupported', missingText('pbm', binaries));
  const env = { PBM_MONGODB_URI: url.reveal() };
  const { code, stdout } = await runProgram(program, ['list', '--out=json'], { signal, limitMs, env });
  // What it says on stderr may quote its connection string.
  if (code !== 0)
    throw new CollectError('unreachable', `pbm list of chain ${chain} ended with ${code ?? 'a signal'}`);
  return parsePbmList(chain, stdout);
}

/** @throws {CollectError} `malformed` */
export function parsePbmList(chain: string, text: string): readonly BackupFound[] {
  const parsed = listing.safeParse(asJson(text));
  if (!parsed.success)
    throw new CollectError('malformed', `pbm list of chain ${chain} printed something else than a list`);
  const { snapshots, pitr } = parsed.data;
  const ranges = (pitr?.ranges ?? []).map(({ range }) => range);
  return (snapshots ?? [])
    .filter(({ status }) => !running.has(status))
    .map((snapshot): BackupFound => {
      const until = ranges.find(
        ({ start, end }) => start <= snapshot.restoreTo && end > snapshot.restoreTo,
      )?.end;
      const isDone = snapshot.status === 'done';
      const databases = snapshot.nss?.map((name) => name.split('.')[0] ?? name);
      return {
        chain,
        kind: 'pbm',
        name: snapshot.name,
        takenAt: snapshot.restoreTo * 1_000,
        recoverableUntil: (until ?? snapshot.restoreTo) * 1_000,
        bytes: snapshot.size ?? null,
        databases: databases === undefined ? undefined : [...new Set(databases)].sort(),
        health: isDone ? 'unknown' : 'damaged',
        detail: isDone
          ? `${snapshot.type ?? 'a'} backup, by its own account done${until === undefined ? '' : '; its oplog is archived beyond it'}; only pbm's own agents can restore it, so no drill of Reeve proves it`
          : `pbm says ${snapshot.status}${snapshot.error === undefined ? '' : `: ${snapshot.error}`}`,
        isRetained: isDone,
      };
    })
    .sort((one, other) => other.takenAt - one.takenAt);
}

/** Logging of its control part may stand before the document. */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text.slice(Math.max(0, text.indexOf('{'))));
  } catch {
    // The schema refuses it with words of our own.
    return undefined;
  }
}
