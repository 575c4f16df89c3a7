import type { PlanDraft, Rehearsal, RehearsalContext } from '../../../../src/sdk.ts';
import { testWhileChanged } from '../../../../src/sdk.ts';
import type { Access, Acting } from '../access.ts';
import { changeContainer } from './container-acts.ts';
import { type ContainerCommand, parseCommands } from './container-commands.ts';
import type { Wishes } from './container-state.ts';
import { differences, matches, survey } from './container-survey.ts';
import { asWishes, migrationFacts } from './migration-facts.ts';

/** On another account: up, compared; down, compared with the beginning; up again with the user's test; and down, so that it is as before. */
export async function rehearseContainers(
  access: Access,
  draft: PlanDraft,
  context: RehearsalContext,
): Promise<Rehearsal> {
  const { clock, target } = access.input;
  const base = { on: target.id, rows: {}, figures: {} } as const;
  const acting = access.acting();
  const files = migrationFacts(draft);
  const forth = files.map(
    ({ name }, index) => parseCommands(draft.acts[index]?.statement ?? '', name).commands,
  );
  const back = files
    .map(({ name }, index) => parseCommands(draft.acts[index]?.undo[0] ?? '', name).commands)
    .toReversed();
  const after: Wishes = new Map(files.flatMap((file) => [...asWishes(file.after)]));
  const before: Wishes = new Map(files.toReversed().flatMap((file) => [...asWishes(file.before)]));
  const ground = { access, acting, context };
  const unlike = differences(await survey(acting.arm, before, context.signal), before);
  if (unlike.length > 0)
    return {
      ...base,
      verdict: 'not_possible',
      text: `${target.id} is not as the target is (${unlike.join(', ')}): bring it to the same state first`,
    };
  const beganMs = clock.monotonicMs();
  const steps = [
    { name: 'up', commands: forth, towards: after },
    { name: 'down', commands: back, towards: before },
    { name: 'up again', commands: forth, towards: after },
  ] as const;
  const durations: Record<string, number> = {};
  let fault: string | undefined;
  for (const { name, commands, towards } of steps) {
    const startMs = clock.monotonicMs();
    fault = await run(ground, commands.flat(), towards);
    durations[`${name.replace(' a', 'A')}Ms`] = clock.monotonicMs() - startMs;
    if (fault === undefined) continue;
    fault = `${name}: ${fault}`;
    break;
  }
  fault ??= await testWhileChanged(context);
  const left = await run(ground, back.flat(), before);
  const text =
    fault ??
    `up, down and up again on ${target.id}: the containers were as the files say, as before, and as the files say; documents are touched by none of the commands and were not compared; requests are not blocked by them`;
  const rest = left === undefined ? '' : `; what was left on ${target.id}: ${left}`;
  return {
    ...base,
    verdict: fault === undefined && left === undefined ? 'passed' : 'failed',
    text: `${text}${rest}`,
    figures: { ...durations, wholeMs: clock.monotonicMs() - beganMs },
  };
}

interface Ground {
  readonly access: Access;
  readonly acting: Acting;
  readonly context: RehearsalContext;
}

/** Why it did not come to what is wanted; undefined when it did. */
async function run(
  { access, acting, context }: Ground,
  commands: readonly ContainerCommand[],
  towards: Wishes,
): Promise<string | undefined> {
  const { signal } = context;
  const assertHeld = (): Promise<void> => Promise.resolve();
  for (const command of commands) {
    const failed = await changeContainer(access, acting, command, { signal, assertHeld });
    if (failed !== undefined) return failed.detail;
  }
  const found = await survey(acting.arm, towards, signal);
  return matches(found, towards) ? undefined : differences(found, towards).join(', ');
}
