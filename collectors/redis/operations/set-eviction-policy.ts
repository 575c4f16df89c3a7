import type { Action, Candidate, PlanDraft, Refusal, Rehearsal } from '../../../src/sdk.ts';
import type { CacheStudy } from './cache-study.ts';
import { perSecond } from './cache-window.ts';
import { fullAt } from './memory-limit.ts';
import type { RedisOperationsInput } from './place.ts';
import { settingActs } from './setting-acts.ts';
import { draftSetting } from './setting-draft.ts';
import { candidatesOf, keptChecks } from './setting-find.ts';
import { obstacles, readScene, type Scene, shown } from './setting-scene.ts';

const action = 'set_eviction_policy';

/** By what is set: the same way of choosing among all keys, not only those with a time to live. */
export const betterPolicies: Readonly<Record<string, string>> = {
  noeviction: 'allkeys-lru',
  'volatile-lru': 'allkeys-lru',
  'volatile-lfu': 'allkeys-lfu',
  'volatile-ttl': 'allkeys-lru',
  'volatile-random': 'allkeys-lru',
};
/** Below this share of keys without a time to live they are not what keeps a cache full. */
const manyWithoutExpiry = 0.1;

/** Lets a full cache drop what it can fetch again instead of refusing writes, or of dropping only what would have expired anyway. */
export function setEvictionPolicy(input: RedisOperationsInput, study: CacheStudy): Action {
  return {
    id: action,
    pipeline: 'cache',
    summary: 'Lets a full cache evict any key; on targets whose workload is cache only.',
    undoKind: 'immediate',
    changelog: 'optimisations',
    rehearsal: 'impossible',
    coolDownMs: 3_600_000,
    find: (request, context) =>
      candidatesOf({ input, study }, request, context, {
        setting: 'maxmemory-policy',
        against: (scene) => speaksAgainst(scene, input),
        candidate: candidateOf,
      }),
    plan: async (_, context) => {
      const scene = await readScene(input, context.signal);
      const [refusal] = [...obstacles(scene, input, 'maxmemory-policy'), ...speaksAgainst(scene, input)];
      return refusal ?? compose(scene, input);
    },
    rehearse: async (_, { signal }) => simulate(await readScene(input, signal)),
    recheck: async (plan, context) => {
      const { refusals } = await keptChecks(input, plan, context);
      return [...refusals, ...onlyCaches(input)];
    },
    ...settingActs(input),
  };
}

function onlyCaches({ target }: RedisOperationsInput): readonly Refusal[] {
  if (target.workload === 'cache') return [];
  return [
    {
      id: 'is_a_cache',
      text: `workload of target "${target.id}" is ${target.workload ?? 'not set'}: evicting keys of a store loses data; only a cache gets another policy`,
    },
  ];
}

function speaksAgainst({ primary, window }: Scene, input: RedisOperationsInput): readonly Refusal[] {
  const { policy, maxmemory, counted } = primary;
  const found: Refusal[] = [...onlyCaches(input)];
  const refuse = (id: string, text: string): void => void found.push({ id, text });
  if (betterPolicies[policy] === undefined)
    refuse('policy_fits', `the policy is ${policy}: every key can be evicted already`);
  if (maxmemory === 0 || counted < maxmemory * fullAt)
    refuse('is_full', 'the server is not near its maxmemory: another policy would change nothing');
  if (window === undefined)
    refuse(
      'history_known',
      'there is no window of lookups yet: wait for two collections without a restart between them',
    );
  else if (window.refused === 0 && (window.evicted === 0 || withoutExpiry(primary) < manyWithoutExpiry))
    refuse(
      'keys_are_stuck',
      'no write was refused for want of memory, and keys without a time to live are not what keeps it full',
    );
  return found;
}

function withoutExpiry({ keys, keysWithExpiry }: Scene['primary']): number {
  return keys === 0 ? 0 : 1 - keysWithExpiry / keys;
}

function reason({ primary, window }: Scene): string {
  if (window !== undefined && window.refused > 0)
    return `${shown(perSecond(window.refused, window))} writes a second are refused because it is full`;
  return `${shown(withoutExpiry(primary) * 100)} % of its keys have no time to live and are never evicted`;
}

function candidateOf(scene: Scene): Candidate | undefined {
  const { member, policy } = scene.primary;
  const to = betterPolicies[policy];
  if (to === undefined) return undefined;
  return {
    action,
    subject: member.name,
    title: `${member.name}: ${reason(scene)}; maxmemory-policy ${policy} could be ${to}`,
    facts: { from: policy, to },
  };
}

function compose(scene: Scene, input: RedisOperationsInput): PlanDraft | Refusal {
  const { member, policy, keys, keysWithExpiry, dataset } = scene.primary;
  const to = betterPolicies[policy];
  if (to === undefined) return { id: 'policy_fits', text: `the policy is ${policy}` };
  const more = keys - (policy === 'noeviction' ? 0 : keysWithExpiry);
  return draftSetting(input, scene, {
    action,
    setting: 'maxmemory-policy',
    from: policy,
    to,
    title: `set maxmemory-policy of ${member.name} from ${policy} to ${to}: ${reason(scene)}`,
    bytes: dataset,
    cost: `${more} of ${keys} keys can be evicted that could not be before; what is evicted is fetched again by whoever asks for it`,
    expects: `maxmemory-policy is ${to}, and fewer lookups miss`,
    preconditions: [{ id: 'is_a_cache', text: 'the workload of the target is cache' }],
    warnings: [
      `${keys - keysWithExpiry} keys without a time to live become evictable: make sure that none of them is the only copy of something`,
      'taking it back restores the policy at once; what was evicted meanwhile comes back only as it is asked for',
    ],
  });
}

function simulate({ primary, window }: Scene): Rehearsal {
  const base = { on: '', rows: {}, figures: {} } as const;
  if (window === undefined)
    return {
      ...base,
      verdict: 'failed',
      text: 'simulated from history: there is no window of lookups to simulate from',
    };
  const { keys, keysWithExpiry, policy } = primary;
  const before = policy === 'noeviction' ? 0 : keysWithExpiry;
  return {
    ...base,
    verdict: 'simulated',
    text: `simulated from the last ${Math.round(window.seconds)} s, not rehearsed: ${before} of ${keys} keys could be evicted, all ${keys} will be; ${window.refused} writes were refused and would have been taken`,
    figures: {
      windowSeconds: window.seconds,
      keys,
      evictableBefore: before,
      evictableAfter: keys,
      refusedPerSecond: perSecond(window.refused, window),
      writesPerSecond: perSecond(window.writes, window),
      evictedPerSecond: perSecond(window.evicted, window),
    },
  };
}
