import { join } from 'node:path';
import { z } from 'zod';
import type { BackupFound } from '../../../../src/sdk.ts';
import { BackupError, type Chain } from './chain.ts';
import { quoteShell } from './quote-shell.ts';
import type { otherTools } from './tools.ts';

/** Chains that only another tool can read: how it lists them, and how it brings one of them back. */
export type RepositoryChain = Exclude<Chain, { readonly kind: 'pg_dump' | 'base_backup' }>;

/** One command of a tool: arguments, without the program. */
export type ToolArguments = readonly string[];

export interface Repository {
  readonly tool: keyof typeof otherTools;
  readonly list: ToolArguments;
  /** @throws {BackupError} when the answer is not the tool's. */
  parse(output: string, chain: string): readonly BackupFound[];
  /** Brings one backup to `data`; the tool writes nothing outside of the drill's folder. */
  restore(backup: string, folder: string): ToolArguments;
  /** For the server: brings one file of WAL; `%f` and `%p` stand for it. Undefined: the tool set it up itself. */
  restoreCommand(program: string, folder: string): string;
}

/** How a tool answers and is asked; times and sizes where it says them. */
export function repositoryOf(chain: RepositoryChain): Repository {
  if (chain.kind === 'pgbackrest') return pgBackRest(chain);
  return chain.kind === 'wal_g' ? walG(chain) : barman(chain);
}

const dataOf = (folder: string): string => join(folder, 'data');

const pgBackRestAnswer = z.array(
  z.object({
    name: z.string(),
    status: z.object({ code: z.number(), message: z.string() }),
    archive: z.array(z.object({ max: z.string().nullable() })).default([]),
    backup: z
      .array(
        z.object({
          label: z.string(),
          type: z.string(),
          error: z.boolean().nullish(),
          info: z.object({
            size: z.number(),
            repository: z.object({ size: z.number().optional(), delta: z.number().optional() }),
          }),
          archive: z.object({ stop: z.string().nullish() }).nullish(),
          timestamp: z.object({ start: z.number(), stop: z.number() }),
        }),
      )
      .default([]),
  }),
);

/** @see https://pgbackrest.org/command.html#command-info */
function pgBackRest({ stanza, config }: Extract<RepositoryChain, { kind: 'pgbackrest' }>): Repository {
  const common = [...(config === undefined ? [] : [`--config=${config}`]), `--stanza=${stanza}`];
  const own = (folder: string): ToolArguments => [
    ...common,
    '--log-level-file=off',
    `--lock-path=${join(folder, 'lock')}`,
    `--pg1-path=${dataOf(folder)}`,
  ];
  return {
    tool: 'pgbackrest',
    list: [...common, '--log-level-console=off', '--output=json', 'info'],
    parse: (output, chain) => {
      const found = parseAnswer(pgBackRestAnswer, output, 'pgbackrest info').find(
        ({ name }) => name === stanza,
      );
      if (found === undefined) return [];
      if (found.status.code !== 0 && found.backup.length === 0) {
        throw new BackupError(`pgbackrest says of stanza ${stanza}: ${found.status.message}`);
      }
      const archived = found.archive.at(-1)?.max ?? 'none';
      return found.backup.map(({ label, type, error, info, timestamp }) => ({
        chain,
        kind: 'pgbackrest',
        name: label,
        takenAt: timestamp.start * 1_000,
        recoverableUntil: timestamp.stop * 1_000,
        bytes: info.repository.size ?? info.repository.delta ?? info.size,
        restoredBytes: info.size,
        databases: undefined,
        health: error === true || found.status.code !== 0 ? 'damaged' : 'ok',
        detail: `${type} backup; the repository says ${found.status.message}${error === true ? ', with page checksum errors in this one' : ''}; newest archived WAL ${archived}`,
        isRetained: true,
      }));
    },
    restore: (backup, folder) => [
      ...own(folder),
      `--set=${backup}`,
      '--type=none',
      '--tablespace-map-all=' + join(folder, 'tablespaces'),
      'restore',
    ],
    restoreCommand: (program, folder) =>
      `${[program, ...own(folder), '--no-archive-async'].map(quoteShell).join(' ')} archive-get %f "%p"`,
  };
}

const walGAnswer = z.array(
  z.object({
    backup_name: z.string(),
    time: z.iso.datetime({ offset: true }).optional(),
    modified: z.iso.datetime({ offset: true }).optional(),
    start_time: z.iso.datetime({ offset: true }).optional(),
    finish_time: z.iso.datetime({ offset: true }).optional(),
    compressed_size: z.number().optional(),
    uncompressed_size: z.number().optional(),
  }),
);

/** @see https://wal-g.readthedocs.io/PostgreSQL/ */
function walG({ config }: Extract<RepositoryChain, { kind: 'wal_g' }>): Repository {
  const common = config === undefined ? [] : ['--config', config];
  return {
    tool: 'wal-g',
    list: [...common, 'backup-list', '--detail', '--json'],
    parse: (output, chain) =>
      parseAnswer(walGAnswer, output.trim() === '' ? '[]' : output, 'wal-g backup-list').map((each) => {
        const at = Date.parse(each.start_time ?? each.time ?? each.modified ?? '');
        if (Number.isNaN(at))
          throw new BackupError(`wal-g backup-list gives no time for ${each.backup_name}`);
        return {
          chain,
          kind: 'wal_g',
          name: each.backup_name,
          takenAt: at,
          recoverableUntil: each.finish_time === undefined ? at : Date.parse(each.finish_time),
          bytes: each.compressed_size ?? null,
          ...(each.uncompressed_size === undefined ? {} : { restoredBytes: each.uncompressed_size }),
          databases: undefined,
          health: 'unknown',
          detail: 'listed by wal-g, which does not say whether it is whole',
          isRetained: true,
        };
      }),
    restore: (backup, folder) => [...common, 'backup-fetch', dataOf(folder), backup],
    restoreCommand: (program) => `${[program, ...common].map(quoteShell).join(' ')} wal-fetch "%f" "%p"`,
  };
}

const barmanBackup = z.object({
  backup_id: z.string(),
  status: z.string().optional(),
  begin_time_timestamp: z.coerce.number().optional(),
  end_time_timestamp: z.coerce.number().optional(),
  size_bytes: z.number().optional(),
});

const barmanAnswer = z.record(z.string(), z.union([z.array(barmanBackup), z.unknown()]));

/** @see https://docs.pgbarman.org/ */
function barman({ server, config }: Extract<RepositoryChain, { kind: 'barman' }>): Repository {
  const common = config === undefined ? [] : ['--config', config];
  return {
    tool: 'barman',
    list: [...common, '--format', 'json', 'list-backup', server],
    parse: (output, chain) => {
      const listed = z
        .array(barmanBackup)
        .parse(parseAnswer(barmanAnswer, output, 'barman list-backup')[server] ?? []);
      return listed.flatMap(({ backup_id, status, begin_time_timestamp, end_time_timestamp, size_bytes }) => {
        const end = end_time_timestamp ?? begin_time_timestamp;
        // One that failed or is being made has no end.
        if (end === undefined) return [];
        return [
          {
            chain,
            kind: 'barman',
            name: backup_id,
            takenAt: (begin_time_timestamp ?? end) * 1_000,
            recoverableUntil: end * 1_000,
            bytes: size_bytes ?? null,
            databases: undefined,
            health: status === 'FAILED' ? ('damaged' as const) : ('unknown' as const),
            detail: `listed by barman${status === undefined ? '' : ` as ${status}`}`,
            isRetained: true,
          },
        ];
      });
    },
    restore: (backup, folder) => [...common, 'recover', '--get-wal', server, backup, dataOf(folder)],
    restoreCommand: (program) =>
      `${[program, ...common].map(quoteShell).join(' ')} get-wal ${quoteShell(server)} "%f" > "%p"`,
  };
}

function parseAnswer<T>(shape: z.ZodType<T>, output: string, what: string): T {
  try {
    return shape.parse(JSON.parse(output));
  } catch (cause) {
    throw new BackupError(`${what} answered something else than was expected of it`, { cause });
  }
}
