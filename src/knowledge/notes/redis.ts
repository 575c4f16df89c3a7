import type { EngineNotes, Note } from './note.ts';

const slowCommands: Note = {
  lines: [
    'Commands run one after the other: a slow one delays every client. SLOWLOG measures execution only, not the time in the queue.',
    'KEYS walks the whole key space: use SCAN with MATCH and COUNT, or keep an index of names in a set.',
    'HGETALL, SMEMBERS, LRANGE 0 -1 and ZRANGE 0 -1 on large values: read what is needed, or HSCAN, SSCAN and ZSCAN in parts.',
    'UNLINK frees large values in the background, DEL does not.',
    'Many small commands cost round trips: pipeline them, or use MGET and variadic forms. Keep scripts short.',
    'Small hashes, lists and sorted sets are stored compactly below the configured limits; a value of many megabytes belongs in several keys.',
  ],
  manuals: [
    'https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency/',
    'https://redis.io/docs/latest/commands/scan/',
    'https://redis.io/docs/latest/develop/use/pipelining/',
  ],
};

/** What we know of Redis ourselves. */
export const redis: EngineNotes = {
  'slow commands and data structures': slowCommands,
  'optimising slow queries': slowCommands,
  'caching patterns and invalidation': {
    lines: [
      'Cache aside: read the cache, on a miss read the database and SET with an expiry. A placeholder set with NX while one client computes keeps a stampede away from the database.',
      'Write-through: update database and cache together, for data that is read soon after it is written. Write-behind queues writes: fast, and lost with the queue.',
      'Every cached key has an expiry, with a random part so that they do not end together. Event-based invalidation from the database removes what an expiry would serve stale.',
      'maxmemory with allkeys-lru or allkeys-lfu for a cache; noeviction for a store. volatile-* evicts only keys with an expiry, and writes fail when there are none.',
      'Watch hits and misses as rates of a window, evicted and expired keys, memory and fragmentation: evictions with a low hit rate mean too small, expiries with a low hit rate mean too short.',
    ],
    manuals: [
      'https://redis.io/docs/latest/develop/reference/eviction/',
      'https://redis.io/docs/latest/develop/clients/client-side-caching/',
    ],
  },
  'backup and restore strategies': {
    lines: [
      'RDB is one compact file, copied while the server runs since it is renamed into place when complete: keep copies by hour and day, elsewhere. What was written after it is lost.',
      'AOF with appendfsync everysec loses about a second; since version 7 it is a folder of a base and increments: copy the folder while rewriting is off.',
      'Check rdb_last_bgsave_status: a save that fails for weeks leaves an old file that a restart loads.',
      'Prove a file by loading it with a server of its own, on a socket, and counting keys.',
    ],
    manuals: ['https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/'],
  },
  'bounding storage growth': {
    lines: [
      'Without maxmemory the operating system ends the server when memory does. Leave room for the copy-on-write of a save.',
      'Keys without expiry in a cache only leave by eviction: find their families by SCAN and MEMORY USAGE.',
      'Large hashes, sets and sorted sets grow unseen: trim or split them. Streams take MAXLEN.',
    ],
    manuals: [
      'https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/memory-optimization/',
    ],
  },
};
