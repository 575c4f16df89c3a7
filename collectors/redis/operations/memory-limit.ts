import type { Refusal } from '../../../src/sdk.ts';
import type { RedisOperationsInput } from './place.ts';
import { type MemberMemory, mebibyte, type Scene, shownBytes } from './setting-scene.ts';

/** One act raises the limit by no more than this share of it. */
const largestStep = 0.25;
/** Of the memory of a machine, where nobody configured a cap. */
const usualShare = 0.75;
/** What a server may come to take of its machine, waste of its allocator included, whatever the cap. */
const mostOfMachine = 0.9;
/** Of the limit: below it there is room, and more would change nothing. */
export const fullAt = 0.9;

/** The next limit within step and cap, in whole MiB; a refusal when there is none. */
export function nextLimit({ primary, members }: Scene, input: RedisOperationsInput): number | Refusal {
  const { maxmemory } = primary;
  if (maxmemory === 0)
    return {
      id: 'has_a_limit',
      text: 'maxmemory is 0: there is no limit to raise; set one (CONFIG SET maxmemory)',
    };
  const cap = capOf(members, input);
  if (typeof cap !== 'number') return cap;
  const step = Math.max(mebibyte, Math.floor((maxmemory * largestStep) / mebibyte) * mebibyte);
  const next = Math.min(maxmemory + step, cap);
  if (next - maxmemory < mebibyte)
    return {
      id: 'below_cap',
      text: `maxmemory is ${shownBytes(maxmemory)} and may not be more than ${shownBytes(cap)} (cache.maxmemoryCap of the target, or three quarters of its machine): give the cache a bigger machine, or keep less in it`,
    };
  return next;
}

/** Whether every machine can spare what the limit allows. */
export function machineFaults(members: readonly MemberMemory[], limit: number): readonly Refusal[] {
  return members.flatMap(({ member, machine, rss, counted }) => {
    if (machine === undefined) return [];
    const waste = counted > 64 * mebibyte ? Math.min(2, Math.max(1, rss / counted)) : 1;
    const most = limit * waste;
    return most <= machine * mostOfMachine
      ? []
      : [
          {
            id: 'machine_has_room',
            text: `${member.name} would come to take ${shownBytes(most)} of the ${shownBytes(machine)} of its machine: lower cache.maxmemoryCap, or give it a bigger one`,
          },
        ];
  });
}

function capOf(
  members: readonly MemberMemory[],
  { options, target }: RedisOperationsInput,
): number | Refusal {
  const configured = options.cache.maxmemoryCap;
  if (configured !== undefined) return configured;
  const machines = members.map(({ machine }) => machine ?? 0);
  const smallest = Math.min(...machines);
  if (smallest > 0) return Math.floor((smallest * usualShare) / mebibyte) * mebibyte;
  return {
    id: 'has_a_cap',
    text: `the server does not say how much memory its machine has: set cache.maxmemoryCap of target "${target.id}"`,
  };
}
