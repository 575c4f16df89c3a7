import type { MemberClient } from '../../client.ts';
import type { Place } from '../place.ts';
import type { FileCommand } from './command-file.ts';
import { isExclusive } from './effects.ts';
import type { PlannedFile } from './migration-facts.ts';
import { type CommandOutcome, runCommand } from './run-command.ts';

/** One rehearsal on its connection. */
export interface Trial {
  readonly place: Place;
  readonly client: MemberClient;
  readonly runId: string;
  readonly signal: AbortSignal;
}

export interface UpResult {
  readonly tookMs: number;
  readonly lockMs: number;
  readonly commands: number;
  /** Documents deleted as declared, by collection. */
  readonly deleted: ReadonlyMap<string, number>;
}

/** All files in order; which command failed otherwise. */
export async function runUp(trial: Trial, files: readonly PlannedFile[]): Promise<UpResult | string> {
  let tookMs = 0;
  let lockMs = 0;
  let commands = 0;
  const deleted = new Map<string, number>();
  for (const file of files)
    for (const command of file.up) {
      const outcome = await send(trial, command, false);
      if (outcome.kind !== 'done') return `${file.name}.up.json:${command.line}: ${outcome.text}`;
      tookMs += outcome.tookMs;
      commands += 1;
      if (isExclusive(command)) lockMs = Math.max(lockMs, outcome.tookMs);
      deleted.set(command.collection, (deleted.get(command.collection) ?? 0) + outcome.deleted);
    }
  return { tookMs, lockMs, commands, deleted };
}

/** All files, the last one first; which command failed, undefined when none did. */
export async function runDown(trial: Trial, files: readonly PlannedFile[]): Promise<string | undefined> {
  for (const file of files.toReversed())
    for (const command of file.down) {
      const outcome = await send(trial, command, true);
      if (outcome.kind !== 'done') return `${file.name}.down.json:${command.line}: ${outcome.text}`;
    }
  return undefined;
}

function send(
  { place, client, runId, signal }: Trial,
  command: FileCommand,
  isRepeated: boolean,
): Promise<CommandOutcome> {
  const { clock, policy } = place.input;
  const { lockTimeoutMs } = policy;
  return runCommand(client, command, {
    signal,
    runId,
    lockTimeoutMs,
    isRepeated,
    monotonicMs: () => clock.monotonicMs(),
  });
}
