import type { EvidenceDraft, Refusal } from '../../../src/sdk.ts';
import { toNumber } from '../info.ts';
import { databasesOf } from '../keyspace.ts';
import { type CacheWindow, cacheWindow, windowBody } from './cache-window.ts';
import { isPrimary, type Member, type RedisOperationsInput, withMembers } from './place.ts';
import { type Setting, valueOf } from './setting-facts.ts';

/** A deployment as it is now, as far as its memory goes. */
export interface Scene {
  readonly members: readonly MemberMemory[];
  readonly primary: MemberMemory;
  /** Of the primary, as the collector saw it last. */
  readonly window: CacheWindow | undefined;
}

export interface MemberMemory {
  readonly member: Member;
  readonly maxmemory: number;
  readonly policy: string;
  /** What counts against the limit. */
  readonly counted: number;
  readonly rss: number;
  /** Of the machine; undefined where the server does not say. A limit of its container is not seen. */
  readonly machine: number | undefined;
  readonly keys: number;
  readonly keysWithExpiry: number;
  readonly dataset: number;
}

export const mebibyte = 1_048_576;

/** @throws {CollectError} when a server does not answer: nothing is planned on a part of a deployment. */
export async function readScene(input: RedisOperationsInput, signal: AbortSignal): Promise<Scene> {
  return withMembers(input, signal, async (members) => {
    const read = members.map(memoryOf);
    const [primary] = read;
    if (primary === undefined) throw new Error('a deployment without servers was read');
    return { members: read, primary, window: cacheWindow(input.snapshot(), primary.member.name) };
  });
}

/** Why a setting of this deployment is not touched at all. */
export function obstacles(
  { members, primary }: Scene,
  input: RedisOperationsInput,
  setting: Setting,
): readonly Refusal[] {
  const { member } = primary;
  const found: Refusal[] = [];
  const refuse = (id: string, text: string): void => void found.push({ id, text });
  if (input.options.cluster || member.info.number('cluster_enabled') === 1)
    refuse(
      'not_a_cluster',
      `${member.name} is a node of a Redis Cluster: its settings are left to whoever operates the whole cluster`,
    );
  if (!isPrimary(member))
    refuse(
      'is_primary',
      `${member.name} is a replica: the setting of its primary decides; make that a target`,
    );
  for (const { member: other } of members)
    if (other.info.number('loading') === 1)
      refuse('not_loading', `${other.name} is still loading its data: what it holds is not known`);
  const values = new Set(members.map((each) => valueOf(each.member.info, setting) ?? 'not known'));
  if (values.size > 1 || values.has('not known')) {
    const shown = members.map(
      (each) => `${each.member.name}: ${valueOf(each.member.info, setting) ?? 'not known'}`,
    );
    refuse(
      'members_alike',
      `the servers do not agree on ${setting} (${shown.join(', ')}): set them alike first, CONFIG SET ${setting}`,
    );
  }
  return found;
}

/** Figures that a plan rests on. */
export function memoryEvidence({ members }: Scene): EvidenceDraft {
  return {
    kind: 'catalogue',
    title: `memory of ${members.map(({ member }) => member.name).join(', ')}`,
    body: { members: members.map(bodyOf) },
  };
}

export function windowEvidence(window: CacheWindow): EvidenceDraft {
  const ratio = window.hitRatio === undefined ? 'no lookups' : `hit ratio ${shown(window.hitRatio)}`;
  const title = `${ratio} over ${Math.round(window.seconds)} s: ${window.misses} misses, ${window.evicted} evicted, ${window.expired} expired`;
  return { kind: 'statistics', title, body: windowBody(window) };
}

export function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}

export function shownBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${shown(value)} ${units[unit] ?? ''}`;
}

function memoryOf(member: Member): MemberMemory {
  const { info } = member;
  const number = (field: string): number => info.number(field) ?? 0;
  const databases = databasesOf(info);
  const expiring = databases.map(({ fields }) => toNumber(fields.get('expires')) ?? 0);
  return {
    member,
    maxmemory: number('maxmemory'),
    policy: info.text('maxmemory_policy') ?? 'not known',
    counted: Math.max(0, number('used_memory') - number('mem_not_counted_for_evict')),
    rss: number('used_memory_rss'),
    machine: info.number('total_system_memory'),
    keys: databases.reduce((sum, { keys }) => sum + keys, 0),
    keysWithExpiry: expiring.reduce((sum, keys) => sum + keys, 0),
    dataset: number('used_memory_dataset'),
  };
}

function bodyOf({ member, machine, ...memory }: MemberMemory) {
  return {
    name: member.name,
    role: isPrimary(member) ? 'primary' : 'replica',
    ...memory,
    machineBytes: machine ?? null,
    replicas: member.info.number('connected_slaves') ?? 0,
  };
}
