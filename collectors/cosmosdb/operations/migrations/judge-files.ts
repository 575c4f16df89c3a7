import { createHash } from 'node:crypto';
import type { MigrationFile, Refusal } from '../../../../src/sdk.ts';
import { type ContainerCommand, parseCommands } from './container-commands.ts';
import { fold, wishKey } from './container-state.ts';

/** Changes with every letter of either text. */
export function fingerprintOf({ up, down }: Pick<MigrationFile, 'up' | 'down'>): string {
  return createHash('sha256')
    .update(JSON.stringify([up, down]))
    .digest('hex');
}

export interface JudgedFile {
  readonly up: readonly ContainerCommand[];
  readonly down: readonly ContainerCommand[];
  readonly refusals: readonly Refusal[];
}

/** Everything that can be said of one file without an account. */
export function judgeFile({ name, up, down, tool }: MigrationFile): JudgedFile {
  const forth = parseCommands(up, `${name} (up)`);
  const refusals: Refusal[] = [...forth.refusals];
  if (tool !== 'reeve')
    refusals.push({ id: 'own_files', text: `${name}: ${tool} knows no containers of Cosmos DB` });
  if (down.trim() === '') {
    refusals.push({
      id: 'undo_exists',
      text: `${name} has no way back: write ${name}.down with the commands that take it back`,
    });
    return { up: forth.commands, down: [], refusals };
  }
  const back = parseCommands(down, `${name} (down)`);
  refusals.push(...back.refusals);
  if (refusals.length === 0) refusals.push(...judgeBoth(name, forth.commands, back.commands));
  return { up: forth.commands, down: back.commands, refusals };
}

function judgeBoth(
  name: string,
  up: readonly ContainerCommand[],
  down: readonly ContainerCommand[],
): readonly Refusal[] {
  const made = new Set(up.filter(({ kind }) => kind === 'create').map(wishKey));
  return [
    ...up.flatMap((command) => judgeUp(name, command)),
    ...down
      .filter((command) => command.kind === 'delete' && !made.has(wishKey(command)))
      .map((command) => ({
        id: 'deletes_data',
        text: `${name} (down) deletes ${wishKey(command)}, which its up does not create: its documents would be lost`,
      })),
    ...untaken(name, up, down),
  ];
}

/** Documents that expire, and containers that go, do not come back. */
function judgeUp(name: string, command: ContainerCommand): readonly Refusal[] {
  const { kind, policies, declaresExpiry } = command;
  const { defaultTtl } = policies;
  const key = wishKey(command);
  if (kind === 'delete')
    return [
      {
        id: 'deletes_data',
        text: `${name} (up) deletes ${key}: no way back brings its documents back, so that it is left to people: az cosmosdb sql container delete`,
      },
    ];
  if (kind === 'set' && Object.keys(policies).length === 0)
    return [{ id: 'not_empty', text: `${name} (up) sets nothing of ${key}` }];
  const isExpiry = kind === 'set' && typeof defaultTtl === 'number' && defaultTtl > 0;
  return isExpiry && !declaresExpiry
    ? [
        {
          id: 'expiry_declared',
          text: `${name} (up) makes documents of ${key} expire after ${defaultTtl} s, those that are older at once and for good: say so with "declares": "documents expire", or use -1`,
        },
      ]
    : [];
}

/** What up touches, down has to touch. */
function untaken(
  name: string,
  up: readonly ContainerCommand[],
  down: readonly ContainerCommand[],
): readonly Refusal[] {
  const back = fold(new Map(), down);
  return [...fold(new Map(), up)].flatMap(([key, wish]) => {
    const taken = back.get(key);
    const isMade = up.some((command) => command.kind === 'create' && wishKey(command) === key);
    const missing = Object.keys(wish.policies).filter((policy) => !(policy in (taken?.policies ?? {})));
    if (isMade ? taken?.exists === false : taken !== undefined && missing.length === 0) return [];
    const what = isMade ? 'does not delete it' : `does not set ${missing.join(', ')} back`;
    return [{ id: 'undo_restores', text: `${name} (up) changes ${key}, and its down ${what}` }];
  });
}

/** All files together: names, order, and each by itself. */
export function judgeFiles(files: readonly MigrationFile[]): readonly Refusal[] {
  const names = files.map(({ name }) => name);
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  return [
    ...twice.map((name) => ({ id: 'duplicate_file', text: `${name} is there twice` })),
    ...files.flatMap((file) => judgeFile(file).refusals),
  ];
}
