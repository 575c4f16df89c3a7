import type { EvidenceDraft, JsonObject, OperationContext } from '../../../src/sdk.ts';
import { draw, familiesEvidence } from './cache-study.ts';
import { perSecond } from './cache-window.ts';
import type { RedisOperationsInput } from './place.ts';
import { readScene, type Scene, shown, shownBytes } from './setting-scene.ts';

/** What takes the memory and the disk of a deployment, and what would bound it. Nothing is ever deleted by Reeve. */
export async function adviseGrowth(
  input: RedisOperationsInput,
  { signal }: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  const scene = await readScene(input, signal);
  const sample = await draw(input, scene, signal);
  const families = familiesEvidence(sample, scene);
  return [memoryAdvice(scene), { ...families, kind: 'advice' }, expiryAdvice(scene), ...diskAdvice(scene)];
}

function memoryAdvice({
  primary: { member, counted, maxmemory, dataset, policy, machine },
}: Scene): EvidenceDraft {
  const { info } = member;
  const overhead = info.number('used_memory_overhead') ?? null;
  const limit = maxmemory > 0 ? maxmemory : machine;
  const room =
    limit === undefined
      ? 'no limit is known'
      : `${shownBytes(Math.max(0, limit - counted))} are left until ${maxmemory > 0 ? `maxmemory (${policy})` : 'the memory of the machine'} is reached`;
  const what =
    maxmemory > 0
      ? ''
      : '; maxmemory is 0: the system kills the server when the machine is full, set a limit';
  return advice(
    `${member.name} uses ${shownBytes(counted)}, ${shownBytes(dataset)} of it for keys and values; ${room}${what}`,
    {
      usedBytes: counted,
      datasetBytes: dataset,
      overheadBytes: overhead,
      clientsBytes: info.number('mem_clients_normal') ?? null,
      backlogBytes: info.number('mem_replication_backlog') ?? null,
      peakBytes: info.number('used_memory_peak') ?? null,
      fragmentationRatio: info.number('mem_fragmentation_ratio') ?? null,
      maxmemory,
      machineBytes: machine ?? null,
      policy,
    },
  );
}

function expiryAdvice({ primary: { keys, keysWithExpiry, dataset }, window }: Scene): EvidenceDraft {
  const without = keys - keysWithExpiry;
  const share = keys === 0 ? 0 : without / keys;
  const bytes = Math.round(dataset * share);
  const pace =
    window === undefined
      ? ''
      : `; ${shown(perSecond(window.writes, window))} writes, ${shown(perSecond(window.expired, window))} expirations and ${shown(perSecond(window.evicted, window))} evictions a second`;
  const what =
    share >= 0.5
      ? ': they stay until somebody deletes them; a time to live on what may end (SET … EX), or an archive, bounds them'
      : '';
  return advice(
    `${without} of ${keys} keys (about ${shownBytes(bytes)}) have no time to live${what}${pace}`,
    {
      keys,
      keysWithoutExpiry: without,
      share,
      estimatedBytes: bytes,
      writesPerSecond: window === undefined ? null : perSecond(window.writes, window),
      expiredPerSecond: window === undefined ? null : perSecond(window.expired, window),
      evictedPerSecond: window === undefined ? null : perSecond(window.evicted, window),
    },
  );
}

function diskAdvice({ primary: { member } }: Scene): readonly EvidenceDraft[] {
  const { info } = member;
  const size = info.number('aof_current_size');
  const base = info.number('aof_base_size');
  if (info.number('aof_enabled') !== 1 || size === undefined) return [];
  const grown = base === undefined || base === 0 ? undefined : size / base;
  const what =
    grown !== undefined && grown > 2
      ? `: it has grown to ${shown(grown)} times its size after the last rewrite; BGREWRITEAOF outside busy hours, or a smaller auto-aof-rewrite-percentage`
      : '';
  return [
    advice(`the append-only file takes ${shownBytes(size)}${what}`, {
      bytes: size,
      bytesAfterRewrite: base ?? null,
      lastRewriteOk: info.text('aof_last_bgrewrite_status') ?? null,
    }),
  ];
}

function advice(title: string, body: JsonObject): EvidenceDraft {
  return { kind: 'advice', title, body };
}
