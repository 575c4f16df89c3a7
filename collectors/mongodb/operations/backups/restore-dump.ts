import { writeFile } from 'node:fs/promises';
import type { DumpContents } from '../../backups/dump-contents.ts';
import type { LocatedDump } from '../../backups/locate.ts';
import { runProgram } from '../../backups/run-program.ts';
import { restoreConfig } from './scratch-processes.ts';

export interface Restoring {
  readonly program: string;
  readonly dump: LocatedDump;
  readonly contents: DumpContents;
  readonly folder: string;
  /** With the password of the scratch server. */
  readonly uri: string;
  /** Replay the oplog only so far, Unix time in milliseconds. */
  readonly until: number | undefined;
  readonly limitMs: number;
}

export interface Restored {
  /** Undefined when all of it was restored. */
  readonly problem: string | undefined;
  /** As a person would type it. */
  readonly command: string;
  readonly detail: string;
}

/**
 * Restores a dump with mongorestore, the oplog replayed where there is one. `--oplogReplay` refuses to leave anything out, so users of the
 * dump come along: they are of use to nobody, for the scratch server listens on loopback only, for as long as the drill lasts.
 *
 * @see https://www.mongodb.com/docs/database-tools/mongorestore/
 */
export async function restoreDump(restoring: Restoring, signal: AbortSignal): Promise<Restored> {
  const { program, folder, uri, limitMs, dump } = restoring;
  await writeFile(restoreConfig(folder), `uri: ${JSON.stringify(uri)}\n`, { mode: 0o600 });
  const args = restoreArguments(restoring);
  const command = `mongorestore --uri '<connection string>' ${args.join(' ')}`.replaceAll(
    dump.path,
    `<${dump.form} of the backup>`,
  );
  const started = Date.now();
  const result = await runProgram(program, ['--config', restoreConfig(folder), ...args], {
    signal,
    limitMs,
    cwd: folder,
  });
  const summary = lastLines(result.stderr);
  const told = { command, detail: summary };
  if (result.endedBy === 'limit')
    return {
      ...told,
      problem: `mongorestore had not ended after ${Date.now() - started} ms and was stopped (restoreWithin); it said: ${summary}`,
    };
  if (result.code !== 0)
    return {
      ...told,
      problem: `mongorestore ended with ${result.code ?? result.endedBy ?? 'nothing'}: ${summary}`,
    };
  const failed = /(\d+) document\(s\) failed to restore/.exec(result.stderr)?.[1];
  if (failed !== undefined && failed !== '0')
    return { ...told, problem: `mongorestore could not restore ${failed} documents: ${summary}` };
  return { ...told, problem: undefined };
}

function restoreArguments({ dump, contents, until }: Restoring): string[] {
  return [
    '--stopOnError',
    ...(contents.isZipped ? ['--gzip'] : []),
    ...(contents.oplog === undefined ? [] : ['--oplogReplay']),
    ...(until === undefined || contents.oplog === undefined
      ? []
      : ['--oplogLimit', `${Math.ceil(until / 1_000)}:0`]),
    ...(dump.form === 'archive' ? [`--archive=${dump.path}`] : [`--dir=${dump.path}`]),
  ];
}

const mostLines = 4;

/** What a program said last, without what a connection string might have of a login. */
function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-mostLines).join(' | ');
  return lines === ''
    ? 'nothing'
    : lines.replaceAll(/mongodb(\+srv)?:\/\/\S+/g, 'mongodb://…').slice(0, 1_000);
}
