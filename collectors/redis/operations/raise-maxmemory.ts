import type { Action, Candidate, PlanDraft, Refusal, Rehearsal } from '../../../src/sdk.ts';
import type { CacheStudy } from './cache-study.ts';
import { perSecond } from './cache-window.ts';
import { fullAt, machineFaults, nextLimit } from './memory-limit.ts';
import type { RedisOperationsInput } from './place.ts';
import { settingActs } from './setting-acts.ts';
import { draftSetting } from './setting-draft.ts';
import { readSettingFacts } from './setting-facts.ts';
import { candidatesOf, keptChecks } from './setting-find.ts';
import { obstacles, readScene, type Scene, shown, shownBytes } from './setting-scene.ts';

const action = 'raise_maxmemory';

/** Gives a cache that evicts what is still wanted more memory: a step upwards within a cap. */
export function raiseMaxmemory(input: RedisOperationsInput, study: CacheStudy): Action {
  return {
    id: action,
    pipeline: 'cache',
    summary: 'Raises maxmemory by a quarter at most, within the cap of the target, where keys are evicted.',
    undoKind: 'immediate',
    changelog: 'optimisations',
    rehearsal: 'impossible',
    coolDownMs: 3_600_000,
    find: (request, context) =>
      candidatesOf({ input, study }, request, context, {
        setting: 'maxmemory',
        against: (scene) => speaksAgainst(scene, input),
        candidate: (scene) => candidateOf(scene, input),
      }),
    plan: async (_, context) => {
      const scene = await readScene(input, context.signal);
      const [refusal] = [...obstacles(scene, input, 'maxmemory'), ...speaksAgainst(scene, input)];
      return refusal ?? compose(scene, input);
    },
    rehearse: async (draft, { signal }) => simulate(await readScene(input, signal), draft),
    recheck: async (plan, context) => {
      const { scene, refusals } = await keptChecks(input, plan, context);
      const { members } = readSettingFacts(plan);
      const limit = Number(members[0]?.to);
      const next = nextLimit(scene, input);
      const overCap = typeof next === 'number' || next.id !== 'below_cap' ? [] : [next];
      // What is set already on one of several servers has no further step.
      const isBegun = scene.members.some(({ maxmemory }) => maxmemory === limit);
      return [...refusals, ...(isBegun ? [] : overCap), ...machineFaults(scene.members, limit)];
    },
    ...settingActs(input),
  };
}

/** Why more memory would not help, or may not be given. */
function speaksAgainst(scene: Scene, input: RedisOperationsInput): readonly Refusal[] {
  const { primary, window, members } = scene;
  const next = nextLimit(scene, input);
  if (typeof next !== 'number') return [next];
  const share = primary.counted / primary.maxmemory;
  const found: Refusal[] = [...machineFaults(members, next)];
  if (share < fullAt)
    found.push({
      id: 'is_full',
      text: `only ${shown(share * 100)} % of maxmemory is used: more would change nothing`,
    });
  if (window === undefined)
    found.push({
      id: 'history_known',
      text: 'there is no window of lookups yet: wait for two collections without a restart between them',
    });
  else if (window.evicted === 0)
    found.push({
      id: 'keys_evicted',
      text: `no key was evicted in the last ${Math.round(window.seconds)} s: more memory would change nothing`,
    });
  return found;
}

function candidateOf(scene: Scene, input: RedisOperationsInput): Candidate | undefined {
  const { primary, window } = scene;
  const next = nextLimit(scene, input);
  if (typeof next !== 'number' || window === undefined) return undefined;
  return {
    action,
    subject: primary.member.name,
    title: `${primary.member.name} is too small: ${shown(perSecond(window.evicted, window))} keys a second are evicted; maxmemory ${shownBytes(primary.maxmemory)} could be ${shownBytes(next)}`,
    facts: { from: primary.maxmemory, to: next },
  };
}

function compose(scene: Scene, input: RedisOperationsInput): PlanDraft | Refusal {
  const { primary, members } = scene;
  const next = nextLimit(scene, input);
  if (typeof next !== 'number') return next;
  const { maxmemory, machine, policy } = primary;
  const more = next - maxmemory;
  const isForked = members.some(
    ({ member: { info } }) => info.number('aof_enabled') === 1 || (info.number('rdb_saves') ?? 0) > 0,
  );
  return draftSetting(input, scene, {
    action,
    setting: 'maxmemory',
    from: String(maxmemory),
    to: String(next),
    title: `raise maxmemory of ${primary.member.name} from ${shownBytes(maxmemory)} to ${shownBytes(next)}, because keys are evicted`,
    bytes: more,
    cost: `${shownBytes(more)} more memory${members.length === 1 ? '' : ` on each of ${members.length} servers`}${machine === undefined ? '' : `, of a machine that has ${shownBytes(machine)}`}`,
    expects: `maxmemory is ${next}, and fewer lookups miss`,
    preconditions: [
      { id: 'machine_has_room', text: 'the machine of every server can spare it' },
      { id: 'below_cap', text: 'it is within cache.maxmemoryCap, or three quarters of the machine' },
    ],
    warnings: [
      'the limit of a container or service is not seen by the server: make sure that it allows this much',
      ...(isForked
        ? ['snapshots and rewrites of the append-only file fork: they need memory beside this']
        : []),
      `taking it back lowers maxmemory again: what was kept beyond the old limit is then evicted (${policy})`,
    ],
  });
}

/** What the room would have held, from what was evicted lately. */
function simulate({ primary, window }: Scene, draft: PlanDraft): Rehearsal {
  const [member] = readSettingFacts(draft).members;
  const room = Number(member?.to) - Number(member?.from);
  const base = { on: '', rows: {}, figures: {} } as const;
  if (window === undefined || window.evicted === 0)
    return {
      ...base,
      verdict: 'failed',
      text: 'simulated from history: no key is evicted now, so more memory would change nothing',
    };
  const keyBytes = primary.keys === 0 ? 0 : primary.dataset / primary.keys;
  const roomKeys = keyBytes === 0 ? 0 : Math.floor(room / keyBytes);
  const evictedPerSecond = perSecond(window.evicted, window);
  const avoided = Math.min(window.evicted, window.misses);
  const lookups = window.hits + window.misses;
  const atBest = lookups === 0 ? null : (window.hits + avoided) / lookups;
  const secondsOfEvictions = roomKeys / evictedPerSecond;
  return {
    ...base,
    verdict: 'simulated',
    text: `simulated from the last ${Math.round(window.seconds)} s, not rehearsed: ${shownBytes(room)} hold about ${roomKeys} keys more, what is evicted in ${shown(secondsOfEvictions)} s; the hit ratio rises from ${window.hitRatio === undefined ? 'unknown' : shown(window.hitRatio)} to ${atBest === null ? 'unknown' : shown(atBest)} at best, if every evicted key is asked for again`,
    figures: {
      windowSeconds: window.seconds,
      roomBytes: room,
      bytesPerKey: keyBytes,
      roomKeys,
      evictedPerSecond,
      secondsOfEvictions,
      missesPerSecond: perSecond(window.misses, window),
      hitRatio: window.hitRatio ?? null,
      hitRatioAtBest: atBest,
    },
  };
}
