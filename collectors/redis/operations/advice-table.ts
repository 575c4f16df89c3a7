/** What can be said of a slow command without knowing its arguments. */
export interface CommandAdvice {
  /** Lower case. */
  readonly commands: readonly string[];
  /** Why it is slow, in one sentence. */
  readonly why: string;
  /** What to write instead. */
  readonly instead: string;
}

export const docsUrl = 'https://redis.io/docs/latest/commands/';

/** @see https://redis.io/docs/latest/commands/ (each page names the time complexity) */
export const advices: readonly CommandAdvice[] = [
  {
    commands: ['keys'],
    why: 'it walks all keys of the database at once, and nothing else is served meanwhile',
    instead:
      'SCAN cursor MATCH pattern COUNT 100, until the cursor is 0; or keep the names that are wanted in a set',
  },
  {
    commands: ['hgetall', 'hkeys', 'hvals'],
    why: 'it takes as long as the hash has fields',
    instead:
      'HMGET of the fields that are needed, or HSCAN key cursor COUNT 100; split a hash of thousands of fields over several keys',
  },
  {
    commands: ['smembers', 'sort', 'sort_ro'],
    why: 'it takes as long as the set or list has members',
    instead:
      'SISMEMBER or SMISMEMBER to ask for members, SSCAN key cursor COUNT 100 to walk them; a sorted set where order is wanted',
  },
  {
    commands: ['lrange', 'lindex', 'linsert', 'lrem', 'lset', 'lpos', 'ltrim'],
    why: 'a list is walked to the place that is asked for',
    instead:
      'LRANGE key 0 99 page by page from an end; a sorted set, hash or stream where places in the middle are asked for',
  },
  {
    commands: [
      'zrange',
      'zrevrange',
      'zrangebyscore',
      'zrevrangebyscore',
      'zrangebylex',
      'zrangestore',
      'zremrangebyscore',
      'zremrangebyrank',
    ],
    why: 'it takes as long as the range has members',
    instead:
      'ZRANGE … LIMIT 0 100 page by page, ZSCAN to walk, ZCARD or ZCOUNT where only the number is wanted',
  },
  {
    commands: [
      'sunion',
      'sinter',
      'sdiff',
      'sunionstore',
      'sinterstore',
      'sdiffstore',
      'zunion',
      'zinter',
      'zdiff',
      'zunionstore',
      'zinterstore',
      'zdiffstore',
      'pfcount',
      'pfmerge',
      'bitop',
    ],
    why: 'it reads all its sets in full',
    instead:
      'SINTERCARD … LIMIT where the number is wanted; keep the result up to date as members change, or compute it on a replica',
  },
  {
    commands: ['del', 'flushall', 'flushdb', 'rename'],
    why: 'it frees big values while everybody waits',
    instead: 'UNLINK instead of DEL, FLUSHDB ASYNC; or lazyfree-lazy-user-del yes on the server',
  },
  {
    commands: ['mget', 'mset', 'hmget', 'hmset', 'hset', 'sadd', 'srem', 'zadd', 'zrem', 'rpush', 'lpush'],
    why: 'it was given many members at once',
    instead: 'batches of some hundred members, sent in one pipeline',
  },
  {
    commands: ['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro', 'exec'],
    why: 'a script or transaction holds up everybody until it ends',
    instead:
      'fewer keys at a time in each script; walk with SCAN in the client; move what only reads to a replica',
  },
  {
    commands: ['xrange', 'xrevrange', 'xread', 'xreadgroup', 'xautoclaim', 'xpending'],
    why: 'it takes as long as it has entries to give',
    instead: 'COUNT 100 with the last id seen; trim the stream with XADD … MAXLEN ~',
  },
  {
    commands: ['save', 'debug', 'migrate', 'restore', 'dump'],
    why: 'it works on whole values or the whole data set in the foreground',
    instead: 'BGSAVE instead of SAVE; move and copy big keys outside busy hours',
  },
  {
    commands: ['get', 'set', 'setex', 'getset', 'getrange', 'append', 'hget', 'incr', 'expire', 'exists'],
    why: 'it does little by itself: its value is big, or the server was held up (fork, swap, disk of the append-only file)',
    instead:
      'split or compress values above some 100 kB (the report of biggest keys names them); LATENCY DOCTOR tells what held up the server',
  },
];

export const unknownAdvice: Omit<CommandAdvice, 'commands'> = {
  why: 'nothing is known of this command',
  instead: 'its page names its time complexity; ask for less at once, or ask a replica',
};

/** Of commands so short that most of their time is the way there and back. */
export const pipeliningAdvice: Omit<CommandAdvice, 'commands'> = {
  why: 'it is short and very frequent: most of its time is the way there and back',
  instead:
    'several in one pipeline, or MGET, MSET, HMGET for many at once; a client-side cache for what hardly changes',
};
