import { describe, expect, it } from 'vitest';
import { dotNamespace, otlpName, unitOfName } from '../../../src/export/otlp-names.ts';
import { metric } from './snapshots.ts';

const engines = new Set(['postgres', 'redis']);

describe('dotNamespace', () => {
  it.each([
    ['reeve_postgres_index_hit_ratio', 'reeve.postgres.index_hit_ratio'],
    ['reeve_postgres_deadlocks_total', 'reeve.postgres.deadlocks'],
    ['reeve_replication_lag_seconds', 'reeve.replication_lag_seconds'],
    ['reeve_target_up', 'reeve.target_up'],
    ['reeve_postgres', 'reeve.postgres'],
    ['process_cpu_seconds_total', 'process.cpu_seconds'],
    ['nodejs_version_info', 'nodejs.version_info'],
    ['other_metric', 'other_metric'],
  ])('turns %s into %s', (name, expected) => {
    expect(dotNamespace(name, engines)).toBe(expected);
  });
});

describe('otlpName', () => {
  it('takes the name of the definition first', () => {
    expect(
      otlpName(metric({ name: 'reeve_redis_memory_used_bytes', otlp: 'redis.memory.used' }), engines),
    ).toBe('redis.memory.used');
  });
});

describe('unitOfName', () => {
  it.each([
    ['process_cpu_seconds_total', 's'],
    ['process_resident_memory_bytes', 'By'],
    ['process_open_fds', ''],
  ])('reads the unit of %s', (name, unit) => {
    expect(unitOfName(name)).toBe(unit);
  });
});
