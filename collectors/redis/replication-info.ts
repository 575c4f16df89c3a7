import { type Info, parseFields, toNumber } from './info.ts';
import type { ReplicaSample, ReplicationSample } from './replication-lag.ts';

/** What `INFO replication` of a primary says, ready for the history; undefined for a replica. */
export function replicationSample(info: Info, atMs: number): ReplicationSample | undefined {
  const offset = info.number('master_repl_offset');
  const stream = info.text('master_replid');
  if (info.text('role') !== 'master' || offset === undefined || stream === undefined) return undefined;
  return { atMs, stream, offset, replicas: replicasOf(info) };
}

/** The replicas a primary lists, `slave0:ip=…,port=…,state=online,offset=…,lag=…`, each once. */
export function replicasOf(info: Info): readonly ReplicaSample[] {
  const replicas = new Map<string, ReplicaSample>();
  const count = info.number('connected_slaves') ?? 0;
  const written = info.number('master_repl_offset');
  for (let index = 0; index < count; index += 1) {
    const text = info.text(`slave${index}`);
    if (text === undefined) continue;
    const fields = parseFields(text);
    const host = fields.get('ip') ?? '';
    const name = `${host.includes(':') ? `[${host}]` : host}:${fields.get('port') ?? ''}`;
    // A second connection of the same replica that only carries the snapshot.
    if (fields.get('type') === 'rdb-channel' && replicas.has(name)) continue;
    const offset = toNumber(fields.get('offset'));
    replicas.set(name, {
      name,
      online: fields.get('state') === 'online',
      // 0 stands until the first acknowledgement, unless nothing was written ever.
      offset: offset === 0 && written !== 0 ? undefined : offset,
      silentSeconds: toNumber(fields.get('lag')),
    });
  }
  return [...replicas.values()];
}
