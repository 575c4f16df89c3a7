import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { watchTarget } from '../../tests/support/watching.ts';
import { type RedisGroup, redisGroups } from './groups.ts';
import { byGroup, fixture, fixtureEngine, lines, type Replies, valueOf } from './testing/fixture-engine.ts';

const node = '127.0.0.1:6379';
const groups = Object.keys(redisGroups).filter((name): name is RedisGroup => name in redisGroups);

/** The recorded primary, with some lines of its INFO replaced. */
function recorded(replacements: Readonly<Record<string, string | number>> = {}): Replies {
  let info = fixture('redis-7.0-primary-evicting.txt');
  for (const [field, value] of Object.entries(replacements)) {
    info = info.replace(new RegExp(`^${field}:.*$`, 'm'), `${field}:${value}`);
  }
  return {
    INFO: info,
    'LATENCY HISTOGRAM': JSON.parse(fixture('redis-7.0-primary-evicting-latency-histogram.json')),
    'SLOWLOG GET': JSON.parse(fixture('redis-7.0-primary-evicting-slowlog.json')),
    'CONFIG GET save': ['save', '3600 1'],
    'CONFIG GET appendonly': ['appendonly', 'yes'],
    SCAN: ['0', []],
  };
}

/** One server that is collected every 15 seconds (or as told) of its own time; its replies may be exchanged between. */
function watch(first: Replies, workload = 'cache', intervalMs = 15_000) {
  const state = { replies: first };
  const clock = new FakeClock();
  const engine = fixtureEngine(() => ({ [node]: state.replies }), clock);
  const watching = watchTarget({
    engine,
    target: { url: `redis://reeve@${node}`, workload, interval: `${intervalMs}ms` },
  });
  onTestFinished(() => watching.watch.close());
  return {
    clock,
    reply: (replies: Replies) => {
      state.replies = replies;
    },
    poll: async () => {
      const read = byGroup(await watching.collect());
      await clock.advance(intervalMs);
      return read;
    },
  };
}

function pollOnce(info: string, replies: Replies = {}) {
  return watch({ INFO: fixture(info), ...replies }).poll();
}

describe('a recorded Redis 7.0 primary', () => {
  it('gives every group, within 150 series', async () => {
    const target = watch(recorded());

    const readings = await target.poll();

    const all = groups.map((group) => readings(group));
    expect(all.map(({ state }) => state)).toEqual(groups.map(() => 'ok'));
    expect(all.flatMap(({ samples }) => samples).length).toBeLessThan(150);
    expect(lines(readings('memory'))).toContain(`reeve_redis_memory_limit_bytes{${node}} 3145728`);
    expect(lines(readings('cache'))).toContain(`reeve_redis_evicted_keys_total{${node}} 39`);
    expect(lines(readings('errors'))).toContain(`reeve_redis_errors_total{${node},WRONGTYPE} 1`);
    expect(lines(readings('replication'))).toContain(`reeve_redis_replica_online{${node},127.0.0.1:31178} 1`);
    expect(lines(readings('keyspace'))).toEqual([
      `reeve_redis_keys{${node},0} 22`,
      `reeve_redis_keys_with_expiry{${node},0} 21`,
      `reeve_redis_average_ttl_seconds{${node},0} 999.234`,
    ]);
  });

  it('tells the utilisation without what does not count towards the limit', async () => {
    const target = watch(
      recorded({
        used_memory: 3_000_000,
        mem_not_counted_for_evict: 1_000_000,
        maxmemory: 4_000_000,
      }),
    );

    const read = await target.poll();
    const memory = read('memory');

    expect(valueOf(memory, 'reeve_redis_memory_utilization_ratio')).toBe(0.5);
  });

  it('has no limit and no utilisation when maxmemory is 0', async () => {
    const target = watch(recorded({ maxmemory: 0 }));

    const read = await target.poll();
    const memory = read('memory');

    expect(valueOf(memory, 'reeve_redis_memory_limit_bytes')).toBeUndefined();
    expect(valueOf(memory, 'reeve_redis_memory_utilization_ratio')).toBeUndefined();
    expect(valueOf(memory, 'reeve_redis_memory_used_bytes')).toBeGreaterThan(0);
  });

  it('keeps the slow log without arguments', async () => {
    const target = watch({
      ...recorded(),
      'SLOWLOG GET': [[41, 1795439498, 25_000, ['SET', 'user:7', 'canary-value'], '10.0.0.9:55', 'shop']],
    });

    const read = await target.poll();
    const slowlog = read('slowlog');

    expect(valueOf(slowlog, 'reeve_redis_slow_commands_total')).toBe(42);
    expect(slowlog.details['slow_commands']).toEqual([
      {
        node,
        id: 41,
        at: '2026-11-23T13:11:38.000Z',
        command: 'set',
        durationSeconds: 0.025,
        client: 'shop',
      },
    ]);
    expect(JSON.stringify(slowlog)).not.toMatch(/canary|user:7|10\.0\.0\.9/);
  });

  it('goes on counting slow commands after SLOWLOG RESET, and starts anew after a restart', async () => {
    const target = watch(recorded());

    const before = await target.poll();
    target.reply({ ...recorded(), 'SLOWLOG GET': [] });
    const emptied = await target.poll();
    target.reply({ ...recorded({ run_id: 'another' }), 'SLOWLOG GET': [] });
    const restarted = await target.poll();

    expect(valueOf(before('slowlog'), 'reeve_redis_slow_commands_total')).toBe(261);
    expect(valueOf(emptied('slowlog'), 'reeve_redis_slow_commands_total')).toBe(261);
    expect(valueOf(restarted('slowlog'), 'reeve_redis_slow_commands_total')).toBeUndefined();
  });

  it('says that persistence is off, more loudly for data than for a cache', async () => {
    const off = {
      ...recorded(),
      'CONFIG GET save': ['save', ''],
      'CONFIG GET appendonly': ['appendonly', 'no'],
    };
    const cache = watch(off, 'cache');
    const data = watch(off, 'oltp');

    const inCache = (await cache.poll())('configuration');
    const inData = (await data.poll())('configuration');

    expect(valueOf(inCache, 'reeve_redis_persistence_enabled')).toBe(0);
    expect(inCache.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['persistence_disabled', 'info'],
    ]);
    expect(inData.findings.map(({ severity }) => severity)).toEqual(['warning']);
  });
});

describe('the windowed hit ratio', () => {
  const lookups = (hits: number, misses: number, more: Readonly<Record<string, string | number>> = {}) =>
    recorded({ keyspace_hits: hits, keyspace_misses: misses, ...more });

  it('needs two readings and forgets what is older than five minutes', async () => {
    const target = watch(lookups(1_000_000, 0));

    const first = await target.poll();
    target.reply(lookups(1_000_600, 400));
    const second = await target.poll();
    for (let polls = 0; polls < 21; polls += 1) await target.poll();
    target.reply(lookups(1_000_600, 500));
    const later = await target.poll();

    expect(valueOf(first('cache'), 'reeve_redis_cache_hit_ratio')).toBeUndefined();
    expect(second('cache').samples.at(-1)).toMatchObject({ value: 0.6, basis: 1_000 });
    expect(later('cache').samples.at(-1)).toMatchObject({ value: 0, basis: 100 });
  });

  it('says nothing of an outage when it is over', async () => {
    const target = watch(lookups(1_000, 0));

    await target.poll();
    await target.clock.advance(10 * 60_000);
    target.reply(lookups(9_000, 8_000));
    const back = await target.poll();
    target.reply(lookups(9_030, 8_010));
    const later = await target.poll();

    expect(valueOf(back('cache'), 'reeve_redis_cache_hit_ratio')).toBeUndefined();
    expect(later('cache').samples.at(-1)).toMatchObject({ value: 0.75, basis: 40 });
  });

  it('is that between two polls where these are further apart than five minutes', async () => {
    const target = watch(lookups(1_000, 0), 'cache', 11 * 60_000);

    await target.poll();
    target.reply(lookups(1_030, 10));
    const second = await target.poll();
    target.reply(lookups(1_030, 110));
    const third = await target.poll();

    expect(second('cache').samples.at(-1)).toMatchObject({ value: 0.75, basis: 40 });
    expect(third('cache').samples.at(-1)).toMatchObject({ value: 0, basis: 100 });
  });

  it('is unknown without lookups', async () => {
    const target = watch(lookups(50, 50));

    await target.poll();
    const read = await target.poll();
    const cache = read('cache');

    expect(valueOf(cache, 'reeve_redis_cache_hit_ratio')).toBeUndefined();
    expect(valueOf(cache, 'reeve_redis_keyspace_hits_total')).toBe(50);
  });

  it('is unknown after a restart and after a reset of statistics until there are two readings again', async () => {
    const target = watch(lookups(1_000, 1_000));

    await target.poll();
    target.reply(lookups(2_000, 1_500, { run_id: 'restarted' }));
    const restarted = await target.poll();
    // Hits and misses have passed their old values already; the number of commands has not.
    target.reply(lookups(3_000, 2_000, { run_id: 'restarted', total_commands_processed: 5 }));
    const reset = await target.poll();
    target.reply(lookups(3_030, 2_010, { run_id: 'restarted', total_commands_processed: 50 }));
    const again = await target.poll();

    expect(valueOf(restarted('cache'), 'reeve_redis_cache_hit_ratio')).toBeUndefined();
    expect(valueOf(reset('cache'), 'reeve_redis_cache_hit_ratio')).toBeUndefined();
    expect(again('cache').samples.at(-1)).toMatchObject({ value: 0.75, basis: 40 });
  });
});

describe('other versions, transcribed', () => {
  it('reads Redis 6.2, which has no latency histograms and takes CONFIG GET one name at a time', async () => {
    const readings = await pollOnce('redis-6.2-standalone-save-failed.txt', {
      'SLOWLOG GET': [],
      'CONFIG GET save': ['save', '3600 1'],
      'CONFIG GET appendonly': ['appendonly', 'no'],
    });

    expect(readings('latency')).toMatchObject({ state: 'failed', errors: [{ code: 'unsupported' }] });
    expect(valueOf(readings('persistence'), 'reeve_redis_last_save_ok')).toBe(0);
    expect(readings('persistence').findings.map(({ code }) => code)).toEqual(['snapshot_failed']);
    expect(valueOf(readings('persistence'), 'reeve_redis_last_save_age_seconds')).toBe(3_600);
    expect(lines(readings('keyspace'))).toContain(`reeve_redis_keys{${node},5} 7`);
    expect(lines(readings('commands'))).toContain(`reeve_redis_command_rejected_total{${node},get} 1`);
    expect(valueOf(readings('configuration'), 'reeve_redis_persistence_enabled')).toBe(1);
  });

  it('reads Redis 7.2, and no time of a save that never was', async () => {
    const readings = await pollOnce('redis-7.2-standalone-idle.txt');

    expect(valueOf(readings('commands'), 'reeve_redis_event_loop_seconds_total')).toBeCloseTo(34.231547, 6);
    expect(lines(readings('errors'))).toContain(`reeve_redis_acl_denied_total{${node},cmd} 5`);
    expect(valueOf(readings('persistence'), 'reeve_redis_last_save_timestamp_seconds')).toBeUndefined();
    expect(valueOf(readings('persistence'), 'reeve_redis_last_save_age_seconds')).toBeUndefined();
    expect(valueOf(readings('persistence'), 'reeve_redis_last_fork_seconds')).toBeUndefined();
    expect(valueOf(readings('persistence'), 'reeve_redis_last_save_duration_seconds')).toBeUndefined();
  });

  it('reads a replica of Redis 7.4 that is being synchronised', async () => {
    const readings = await pollOnce('redis-7.4-replica-synchronising.txt');

    expect(valueOf(readings('availability'), 'reeve_redis_is_primary')).toBe(0);
    expect(valueOf(readings('replication'), 'reeve_redis_replica_sync_in_progress')).toBe(1);
    expect(valueOf(readings('replication'), 'reeve_redis_replication_link_idle_seconds')).toBeUndefined();
    expect(valueOf(readings('replication'), 'reeve_redis_replication_link_up')).toBe(1);
    expect(valueOf(readings('keyspace'), 'reeve_redis_average_ttl_seconds')).toBeUndefined();
  });

  it('reads a primary of Redis 8.0 with a replica in each state', async () => {
    const readings = await pollOnce('redis-8.0-primary-aof-failing.txt');

    expect(lines(readings('replication'))).toEqual(
      expect.arrayContaining([
        `reeve_redis_replica_online{${node},10.0.0.2:6379} 1`,
        `reeve_redis_replica_online{${node},10.0.0.3:6379} 0`,
        `reeve_redis_replica_online{${node},[2001:db8::7]:6380} 1`,
        'reeve_replication_lag_bytes{10.0.0.2:6379} 0',
        'reeve_replication_lag_seconds{10.0.0.2:6379} 0',
        'reeve_replication_lag_bytes{[2001:db8::7]:6380} 1000',
      ]),
    );
    expect(lines(readings('replication')).join('\n')).not.toMatch(/lag_\w+\{10\.0\.0\.3|lag_seconds\{\[2001/);
    expect(valueOf(readings('persistence'), 'reeve_redis_aof_last_write_ok')).toBe(0);
    expect(valueOf(readings('persistence'), 'reeve_redis_last_save_timestamp_seconds')).toBe(1_767_225_000);
  });

  it('reads Valkey 8.1 under its own name and version, and a replica on two channels once', async () => {
    const readings = await pollOnce('valkey-8.1-primary-dual-channel-sync.txt');

    expect(lines(readings('availability'))).toContain(
      `reeve_redis_server_info{${node},valkey,8.1.1,standalone} 1`,
    );
    expect(lines(readings('replication')).filter((line) => line.includes('10.0.0.2'))).toEqual([
      `reeve_redis_replica_online{${node},10.0.0.2:6379} 0`,
    ]);
  });
});

describe('a recorded Redis 7.0 replica', () => {
  it('tells how long its link has been down, and no idle time', async () => {
    const readings = await pollOnce('redis-7.0-replica-cut-off.txt');

    expect(valueOf(readings('replication'), 'reeve_redis_replication_link_up')).toBe(0);
    expect(valueOf(readings('replication'), 'reeve_redis_replication_link_down_seconds')).toBe(1);
    expect(valueOf(readings('replication'), 'reeve_redis_replication_link_idle_seconds')).toBeUndefined();
    expect(lines(readings('replication')).join()).not.toContain('lag');
  });

  it('has no link down time while it is up', async () => {
    const readings = await pollOnce('redis-7.0-replica-linked.txt');

    expect(valueOf(readings('replication'), 'reeve_redis_replication_link_up')).toBe(1);
    expect(valueOf(readings('replication'), 'reeve_redis_replication_link_down_seconds')).toBeUndefined();
  });
});

describe('a denied command', () => {
  it('costs its own group only, names the statement, and is not repeated at every poll', async () => {
    const denied = new Error("NOPERM this user has no permissions to run the 'latency|histogram' command");
    const target = watch({ ...recorded(), 'LATENCY HISTOGRAM': denied });

    const readings = await target.poll();
    target.reply(recorded());
    const paused = await target.poll();
    await target.clock.advance(300_000);
    const retried = await target.poll();

    expect(readings('latency')).toMatchObject({
      state: 'failed',
      errors: [{ code: 'denied', message: expect.stringContaining('ACL SETUSER reeve +latency|histogram') }],
    });
    expect(readings('cache').state).toBe('ok');
    expect(readings('slowlog').state).toBe('ok');
    expect(paused('latency').state).toBe('failed');
    expect(retried('latency').state).toBe('ok');
  });
});
