import { z } from 'zod';
import type { ConfigFields } from '../../src/sdk.ts';
import { backupChains } from './backups/config.ts';
import { mongoUrlProblem } from './url.ts';

/** Options of a MongoDB target. */
export function mongodbOptions(fields: ConfigFields) {
  return z
    .strictObject({
      url: fields
        .secretUrl(['mongodb', 'mongodb+srv'])
        .describe(
          'Connection string of any member, or of mongos; all other members and shards are discovered. Options that concern applications (`replicaSet`, `readPreference`, `w` …) are ignored: every member is read directly.',
        ),
      username: z.string().min(1).optional().describe('Login; wins over the one in the URL.'),
      password: fields.secret().optional().describe('Password; wins over the one in the URL.'),
      tls: tlsOptions(fields),
      exclude: z
        .array(z.string().min(1))
        .default([])
        .describe(
          'Members, as host:port, that are not read. Nothing is proven unused in their replica set then: what they serve is not seen.',
        ),
      keepIndexes: z
        .array(z.string().min(1))
        .default([])
        .describe(
          'Indexes that are never called unused, as `database.collection.index`; `*` stands for anything.',
        ),
      collectionsPerReading: z
        .int()
        .min(10)
        .max(100_000)
        .default(2_000)
        .describe(
          'Collections whose indexes and sizes are read at once, one at a time on each member; with more, readings take turns until all were visited. While a turn over all of them takes longer than 15 minutes, every restart of a member begins the watch of unused indexes anew.',
        ),
      topCollections: z
        .int()
        .min(0)
        .max(200)
        .default(20)
        .describe('Collections that have a series of their own: the biggest ones.'),
      longOperation: fields
        .duration({ minMs: 1_000 })
        .default(30_000)
        .describe('An operation that has run for longer counts as long-running.'),
      checkMetadata: z
        .boolean()
        .default(false)
        .describe(
          'Has mongos 7.0 or newer look for inconsistent indexes by checkMetadataConsistency. It costs the shards work and needs a privilege beyond the grants: the action checkMetadataConsistency on the cluster, as in the role clusterManager.',
        ),
      backups: backupChains(fields),
      binaries: fields
        .path()
        .optional()
        .describe(
          'Folder with `mongod` and `mongorestore` (and `mongodump`, `pbm`), for restore drills; looked for in /usr/bin, /usr/local/bin, /usr/sbin, /usr/local/sbin and /opt/homebrew/bin otherwise.',
        ),
    })
    .superRefine(({ url }, context) => {
      const message = url === undefined ? undefined : mongoUrlProblem(url);
      if (message !== undefined) context.addIssue({ code: 'custom', message, path: ['url'] });
    });
}

export type MongodbOptions = z.infer<ReturnType<typeof mongodbOptions>>;

function tlsOptions(fields: ConfigFields) {
  return z
    .strictObject({
      ca: fields.path().optional().describe('Certificates of the authorities to trust, PEM.'),
      cert: fields.path().optional().describe('Certificate of the client, PEM.'),
      key: fields.path().optional().describe('Key of the client, PEM.'),
    })
    .optional()
    .describe('Encrypts connections; `tls=true` in the URL does so with the default authorities.');
}
