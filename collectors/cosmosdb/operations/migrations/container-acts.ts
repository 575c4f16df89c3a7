import type {
  Act,
  ActContext,
  ActOutcome,
  Inspection,
  MigrationFigures,
  OperationContext,
  Plan,
  Refusal,
} from '../../../../src/sdk.ts';
import { type Access, type Acting, armVersion } from '../access.ts';
import { otherAccount } from '../scale-acts.ts';
import { type ContainerCommand, parseCommands } from './container-commands.ts';
import { bodyFor, containerPath, readContainer } from './container-resource.ts';
import { fold, isAsWished, type Wishes, wishKey } from './container-state.ts';
import { differences, matches, survey } from './container-survey.ts';
import { asWishes, type FileFacts, fileFacts, migrationFacts } from './migration-facts.ts';

const longestPauseMs = 60_000;
const mostTries = 4;

/** Whether the containers are still as when it was planned. */
export async function recheckContainers(
  access: Access,
  plan: Plan,
  { signal }: OperationContext,
): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  const seen = new Set<string>();
  for (const { name, before, after } of migrationFacts(plan)) {
    // What an earlier file of the plan changes is as that one leaves it.
    const own = [asWishes(before), asWishes(after)].map(
      (wishes): Wishes => new Map([...wishes].filter(([key]) => !seen.has(key))),
    );
    for (const key of asWishes(before).keys()) seen.add(key);
    const [first = new Map(), second = new Map()] = own;
    const found = await survey(access.reading(), first, signal);
    if (matches(found, first) || matches(found, second)) continue;
    const text = `${name}: ${differences(found, first).join(', ')} since it was planned (reeve runs retry)`;
    refusals.push({ id: 'containers_unchanged', text });
  }
  return refusals;
}

/** What the containers say of one file. */
export async function inspectContainers(
  access: Access,
  plan: Plan,
  act: Act,
  { signal }: OperationContext,
): Promise<Inspection> {
  const { before, after } = fileFacts(plan, act);
  return inspectionOf(
    await survey(access.reading(), asWishes(after), signal),
    asWishes(before),
    asWishes(after),
  );
}

function inspectionOf(found: Awaited<ReturnType<typeof survey>>, before: Wishes, after: Wishes): Inspection {
  if (matches(found, after)) return { state: 'done', detail: 'the containers are as the file says' };
  if (matches(found, before)) return { state: 'pending', detail: 'the containers are as before it' };
  const isOurs = [...after].every(([key, wish]) => {
    const policies = found.get(key)?.policies;
    const old = before.get(key);
    return isAsWished(policies, wish) || (old !== undefined && isAsWished(policies, old));
  });
  const detail = differences(found, after).join(', ');
  return isOurs
    ? { state: 'half_applied', detail: `not all of it is in force: ${detail}` }
    : { state: 'other', detail: `somebody changed it otherwise: ${detail}` };
}

export async function applyContainers(
  access: Access,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const facts = fileFacts(plan, act);
  const { commands } = parseCommands(act.statement, act.id);
  return carryOut(access, plan, context, { commands, towards: asWishes(facts.after), facts });
}

/** Takes policies back. A container that was made may hold documents by now: it stays, and a person decides. */
export async function undoContainers(
  access: Access,
  plan: Plan,
  act: Act,
  context: ActContext,
): Promise<ActOutcome> {
  const facts = fileFacts(plan, act);
  const { commands } = parseCommands(act.undo[0] ?? '', act.id);
  const wanted = asWishes(facts.before);
  const { arm } = access.acting();
  const found = await survey(arm, wanted, context.signal);
  if (matches(found, wanted))
    return { result: 'already', detail: 'the containers are as before', migration: figures(0, true, facts) };
  const standing = commands.filter(
    ({ kind, ...name }) => kind === 'delete' && found.get(wishKey(name)) !== undefined,
  );
  const [made] = standing;
  if (made !== undefined)
    return {
      result: 'refused',
      detail: `${wishKey(made)} may hold documents that were written since: nothing was deleted. When it is empty or not needed: ${deleteCommand(access, made)}`,
      wouldDiscard: true,
    };
  return carryOut(access, plan, context, { commands, towards: wanted, facts });
}

interface Work {
  readonly commands: readonly ContainerCommand[];
  readonly towards: Wishes;
  readonly facts: FileFacts;
}

async function carryOut(
  access: Access,
  plan: Plan,
  context: ActContext,
  { commands, towards, facts }: Work,
): Promise<ActOutcome> {
  const { signal } = context;
  const { clock } = access.input;
  const acting = access.acting();
  const other = await otherAccount(access, acting, plan, signal);
  if (other !== undefined) return { result: 'refused', detail: other };
  const beganMs = clock.monotonicMs();
  const before = await survey(acting.arm, towards, signal);
  const ends = [asWishes(facts.before), asWishes(facts.after)] as const;
  if (matches(before, towards))
    return { result: 'already', detail: 'the containers are so already', migration: figures(0, true, facts) };
  const standing = inspectionOf(before, ...ends);
  if (standing.state === 'other') return { result: 'refused', detail: standing.detail };
  for (const command of commands) {
    const failed = await changeContainer(access, acting, command, context);
    if (failed === undefined) continue;
    const now = inspectionOf(await survey(acting.arm, towards, signal), ...ends);
    const isHalf = now.state === 'half_applied';
    return isHalf ? { result: 'half_applied', detail: `${failed.detail}; ${now.detail}` } : failed;
  }
  const found = await survey(acting.arm, towards, signal);
  const isThere = matches(found, towards);
  const took = clock.monotonicMs() - beganMs;
  const detail = isThere
    ? `${commands.length} command(s): Azure shows the containers as the file says`
    : `Azure shows something else: ${differences(found, towards).join(', ')}`;
  return {
    result: isThere ? 'done' : 'half_applied',
    detail,
    ...(isThere ? { migration: figures(took, true, facts) } : {}),
  };
}

/** Undefined when it is so now. */
export async function changeContainer(
  access: Access,
  acting: Acting,
  command: ContainerCommand,
  context: Pick<ActContext, 'signal' | 'assertHeld'>,
): Promise<ActOutcome | undefined> {
  const { signal } = context;
  const name = wishKey(command);
  for (let tries = 1; ; tries += 1) {
    const now = await readContainer(acting.arm, command, signal);
    const wish = fold(new Map(), [command]).get(name);
    if (wish !== undefined && isAsWished(now?.policies, wish)) return undefined;
    if (now === undefined && command.kind === 'set')
      return { result: 'refused', detail: `there is no container ${name}` };
    if (now !== undefined && command.kind === 'create')
      return { result: 'refused', detail: `${name} is there already, and otherwise` };
    const isGone = command.kind === 'delete';
    const change = {
      method: isGone ? 'DELETE' : 'PUT',
      path: `${containerPath(command)}?api-version=${armVersion}`,
      body: isGone ? undefined : bodyFor(command, now),
      ifMatch: now?.etag,
      what: `container ${name}`,
    } as const;
    const {
      state,
      detail,
      pauseMs = Number.POSITIVE_INFINITY,
    } = await acting.changes.make(change, () => context.assertHeld(), signal);
    if (state === 'ended') return undefined;
    if (state === 'refused') return { result: 'refused', detail };
    if (state === 'failed') return { result: 'failed', detail };
    if (state === 'unknown') return { result: 'half_applied', detail };
    if (tries === mostTries || pauseMs > longestPauseMs) return { result: 'gave_up', detail };
    await access.input.clock.sleep(pauseMs, signal);
  }
}

function deleteCommand({ account }: Access, { database, container }: ContainerCommand): string {
  const { subscription, resourceGroup, name } = account;
  return `az cosmosdb sql container delete --subscription ${subscription} --resource-group ${resourceGroup} --account-name ${name} --database-name '${database}' --name '${container}'`;
}

/** Policies delete nothing, but for documents that are made to expire, which nobody counts. */
function figures(durationMs: number, verified: boolean, { after }: FileFacts): MigrationFigures {
  const expires = after.some(({ policies }) => (policies.defaultTtl ?? -1) > 0);
  return { durationMs, lockMs: 0, rowsLost: expires ? null : 0, verified };
}
