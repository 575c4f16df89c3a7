/** What passes from one step of a drill to the next, as text: the journal keeps it, and gives it back after a crash. */

import { z } from 'zod';
import type { BackupFound, DrillReport } from '../../core/remediation/backups.ts';
import type { Json } from '../../core/remediation/json.ts';

const backupFound = z.object({
  chain: z.string(),
  kind: z.string(),
  name: z.string(),
  takenAt: z.number(),
  recoverableUntil: z.number(),
  bytes: z.number().nullable(),
  restoredBytes: z.number().optional(),
  databases: z.array(z.string()).optional(),
  health: z.enum(['ok', 'damaged', 'unknown']),
  detail: z.string(),
  isRetained: z.boolean(),
});

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

const check = z.object({
  name: z.string(),
  verdict: z.enum(['passed', 'failed', 'not_done']),
  detail: z.string(),
});

const step = z.object({ name: z.string(), command: z.string(), durationMs: z.number(), detail: z.string() });

const report = z.object({
  verdict: z.enum(['verified', 'failed']),
  text: z.string(),
  backup: backupFound.optional(),
  subjects: z.array(z.string()),
  steps: z.array(step),
  checks: z.array(check),
  recoveryMs: z.number().optional(),
  lossMs: z.number().optional(),
  place: z.string(),
  figures: z.record(z.string(), json),
});

/** What a step came to: the drill goes on, it is over with a report, or its run has ended. */
export type DrillTurn =
  | { readonly next: 'go'; readonly wish: string }
  | { readonly next: 'report'; readonly report: string }
  | { readonly next: 'end' };

/** What a person may ask of a drill; what it does not name is chosen. */
const drillWish = z.strictObject({
  chain: z.string().min(1).optional(),
  backup: z.string().min(1).optional(),
  /** Only what holds this database. */
  database: z.string().min(1).optional(),
  /** Unix time in milliseconds. */
  until: z.number().optional(),
  /** Makes a backup first, and restores that one. */
  take: z.boolean().optional(),
});
export type DrillWish = z.infer<typeof drillWish>;

/** @throws {Error} when it asks for anything else: the message says what may be asked. */
export function readWish(request: unknown): DrillWish {
  const read = drillWish.safeParse(request ?? {});
  if (read.success) return read.data;
  throw new Error('a drill can be asked for chain, backup, database, until and take, and nothing else');
}

/** @throws {z.ZodError} when it is not what an earlier step wrote. */
export function readReport(text: string): DrillReport {
  const { backup, recoveryMs, lossMs, ...rest } = report.parse(JSON.parse(text));
  return { ...rest, backup: backup === undefined ? undefined : foundOf(backup), recoveryMs, lossMs };
}

/** Says nothing of a size that is not known. */
function foundOf({ restoredBytes, databases, ...rest }: z.infer<typeof backupFound>): BackupFound {
  return { ...rest, databases, ...(restoredBytes === undefined ? {} : { restoredBytes }) };
}

/** A drill that came to nothing, and why. */
export function failedReport(text: string, backup?: BackupFound): DrillReport {
  return {
    verdict: 'failed',
    text,
    backup,
    subjects: [],
    steps: [],
    checks: [],
    recoveryMs: undefined,
    lossMs: undefined,
    place: '',
    figures: {},
  };
}
