import { z } from 'zod';
import type { ConfigFields } from '../../src/sdk.ts';
import { redisUrlProblem } from './url.ts';

/** Options of a Redis target. */
export function redisOptions(fields: ConfigFields) {
  return z
    .strictObject({
      url: fields
        .secretUrl(['redis', 'rediss'])
        .optional()
        .describe(
          'URL of one server; that server alone is watched, unless `cluster` is set. `rediss` is encrypted. Give this or `sentinel`.',
        ),
      cluster: z
        .boolean()
        .default(false)
        .describe('The URL is one node of a Redis Cluster; all its nodes are discovered and watched.'),
      sentinel: sentinelField(fields)
        .optional()
        .describe('Finds the primary, through failovers, and its replicas by asking Sentinel.'),
      username: z.string().min(1).optional().describe('Login at the servers; wins over the one in the URL.'),
      password: fields.secret().optional().describe('Password of the servers; wins over the one in the URL.'),
      tls: tlsField(fields)
        .optional()
        .describe(
          'Encrypts connections to servers and Sentinels; `rediss` does so with the default authorities.',
        ),
      biggestKeys: biggestKeysField(fields)
        .prefault({})
        .describe('The walk over the keys in the background, by SCAN and MEMORY USAGE only.'),
      cache: cacheField(fields).prefault({}).describe('What the cache pipeline may find out and change.'),
      backups: backupsField(fields)
        .default({})
        .describe(
          'Backups that are kept, by a name of your choice: their age and health are watched, and drills restore them.',
        ),
      redisServer: fields
        .path()
        .optional()
        .describe(
          'The redis-server that drills restore with, at least as new as the one that made the backups; looked up in /usr/bin, /usr/local/bin, /usr/sbin, /usr/local/sbin and /opt/homebrew/bin otherwise.',
        ),
    })
    .refine((options) => (options.url === undefined) !== (options.sentinel === undefined), {
      error: 'give either url or sentinel',
      path: ['url'],
    })
    .refine((options) => !options.cluster || options.url !== undefined, {
      error: 'needs a url: one node of the cluster',
      path: ['cluster'],
    })
    .superRefine(({ url }, context) => {
      const message = url === undefined ? undefined : redisUrlProblem(url);
      if (message !== undefined) context.addIssue({ code: 'custom', message, path: ['url'] });
    });
}

export type RedisOptions = z.infer<ReturnType<typeof redisOptions>>;

export type BackupChain = RedisOptions['backups'][string];

function cacheField(fields: ConfigFields) {
  return z.strictObject({
    maxmemoryCap: fields
      .size({ minBytes: 1_048_576 })
      .optional()
      .describe(
        'Reeve never proposes more maxmemory than this for one server; three quarters of the memory of its machine unless given.',
      ),
    missSampling: z
      .strictObject({
        enabled: z
          .boolean()
          .default(false)
          .describe(
            'Whether a run of the cache pipeline may turn on notifications of missed keys for a while, by the login that acts, to say which keys are missed; in every mode, also observe. The old setting is put back, after a crash by the next run.',
          ),
        for: fields
          .duration({ minMs: 1_000, maxMs: 300_000 })
          .default(30_000)
          .describe('How long it listens.'),
      })
      .prefault({})
      .describe('Misses by prefix; SCAN cannot see keys that are not there.'),
  });
}

function backupsField(fields: ConfigFields) {
  const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'must be lower case letters, digits, - and _');
  return z.record(
    name,
    z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('rdb').describe('Snapshots.'),
        path: fields.path().describe('The folder that keeps them (`*.rdb`), or one file.'),
      }),
      z.strictObject({
        kind: z.literal('aof').describe('The append-only file.'),
        path: fields
          .path()
          .describe('A copy of the folder appenddirname with its manifest, or before Redis 7.0 one file.'),
      }),
    ]),
  );
}

function sentinelField(fields: ConfigFields) {
  return z.strictObject({
    name: z.string().min(1).describe('Name under which the Sentinels know the primary.'),
    addresses: z
      .array(z.string().regex(/^(?:\[[^\]]+\]|[^:\s]+)(?::\d{1,5})?$/, 'must be host or host:port'))
      .min(1)
      .describe('Sentinels, as host:port; the first that answers is asked. Port 26379 unless given.'),
    username: z.string().min(1).optional().describe('Login at the Sentinels.'),
    password: fields.secret().optional().describe('Password of the Sentinels.'),
  });
}

function tlsField(fields: ConfigFields) {
  return z.strictObject({
    ca: fields.path().optional().describe('Certificates of the authorities to trust, PEM.'),
    cert: fields.path().optional().describe('Certificate of the client, PEM.'),
    key: fields.path().optional().describe('Key of the client, PEM.'),
  });
}

function biggestKeysField(fields: ConfigFields) {
  return z.strictObject({
    enabled: z.boolean().default(true).describe('Whether to look for the biggest keys.'),
    top: z.int().min(1).max(500).default(20).describe('How many are kept for reports, per server.'),
    every: fields
      .duration({ minMs: 60_000 })
      .default(6 * 3_600_000)
      .describe('Rest between two walks over all keys.'),
    serverTime: fields
      .duration({ minMs: 1, maxMs: 250 })
      .default(25)
      .describe('Time of the server a walk may take in each second, measured as the time until it answers.'),
    keysPerSecond: z
      .int()
      .min(10)
      .max(100_000)
      .default(1_000)
      .describe('Keys a walk looks at in each second at most; spares the agent.'),
  });
}
