import type { AlertRule } from '../../../src/sdk.ts';
import { onDeployment, pages, series } from './series.ts';

const shard = 'shard="shard0"';
const mongos = (statement: string): string =>
  `\`mongosh "<connection string of mongos>" --eval '${statement}'\``;

export const shardingAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveMongodbBalancerOff',
    severity: 'ticket',
    expr: '$balancerEnabled == 0',
    for: '12h',
    summary: 'The balancer of {{ $labels.target }} has been off for 12 hours',
    description: 'Data is no longer spread over the shards: new chunks pile up where they are written.',
    command: onDeployment('sh.getBalancerState()'),
    runbook: {
      meaning:
        'Somebody stopped it, usually for a backup or maintenance, and forgot. Users feel nothing yet.',
      steps: [
        `See it: ${mongos('print(sh.getBalancerState()); db.getSiblingDB("config").settings.find()')}`,
        'Is a backup or maintenance under way that needs it off? Then silence this.',
        `Otherwise: ${mongos('sh.startBalancer()')}`,
      ],
      afterwards: 'It ends when it is on.',
      links: pages('core/sharding-balancer-administration', 'tutorial/manage-sharded-cluster-balancer'),
    },
    tests: {
      fires: { series: [series('balancerEnabled', '0x800')], after: '750m' },
      quiet: { series: [series('balancerEnabled', '0x300 1x500')], after: '750m' },
    },
  },
  {
    name: 'ReeveMongodbJumboChunks',
    severity: 'ticket',
    expr: '$jumboChunks > 0',
    for: '1h',
    summary: '{{ $value }} chunks of {{ $labels.shard }} ({{ $labels.target }}) are too big to be moved',
    description:
      'The balancer leaves them where they are: the shard fills up and carries the load of what is in them.',
    command: onDeployment('sh.status()'),
    runbook: {
      meaning: 'Many documents have the same shard key. Users may see one slow shard.',
      steps: [
        `Find them: ${mongos('db.getSiblingDB("config").chunks.find({ jumbo: true }, { uuid: 1, min: 1, max: 1, shard: 1 })')}`,
        `Split what can be split: ${mongos('sh.splitFind("<database>.<collection>", <a document of the chunk>)')}, then clear the mark: ${mongos('db.adminCommand({ clearJumboFlag: "<database>.<collection>", find: <a document of the chunk> })')}`,
        'One key value holds it all: refine the shard key with a suffix (`refineCollectionShardKey`, 4.4) or reshard the collection (`reshardCollection`, 5.0).',
      ],
      afterwards: 'It ends when the marks are gone.',
      links: pages('tutorial/clear-jumbo-flag', 'core/sharding-reshard-a-collection'),
    },
    tests: {
      fires: { series: [series('jumboChunks', '2x90', shard)], after: '80m' },
      quiet: { series: [series('jumboChunks', '2x30 0x60', shard)], after: '80m' },
    },
  },
  {
    name: 'ReeveMongodbMigrationsFailing',
    severity: 'ticket',
    expr: 'increase($migrationsFailed[1h]) >= 5 and on (job, instance, target, engine, shard) increase($migrationsFailed[1h]) > increase($migrationsCommitted[1h])',
    for: '5m',
    summary:
      '{{ $value | humanize }} moves of chunks away from {{ $labels.shard }} ({{ $labels.target }}) failed within an hour',
    description: 'Data is not spread any more, and each attempt costs both shards work.',
    command: onDeployment(
      'db.getSiblingDB("config").changelog.find({ what: /moveChunk/ }).sort({ time: -1 }).limit(5)',
    ),
    runbook: {
      meaning: 'Chunks cannot be moved. Users feel nothing at first.',
      steps: [
        `Read why: ${mongos('db.getSiblingDB("config").changelog.find({ what: /moveChunk/ }).sort({ time: -1 }).limit(5)')}, and \`grep -E '"c":"SHARDING"' <log of the primary of the shard> | tail -n 30\``,
        'Usual reasons: orphans of an earlier move are still being deleted, the other shard is behind in replication, no room on its disk, a unique index that both sides hold differently.',
        `Compare indexes: ${mongos('db.getSiblingDB("<database>").checkMetadataConsistency({ checkIndexes: true })')} (7.0 and later).`,
      ],
      afterwards: 'It ends when moves succeed.',
      links: pages('core/sharding-balancer-administration', 'tutorial/troubleshoot-sharded-clusters'),
    },
    tests: {
      fires: {
        series: [series('migrationsFailed', '0+1x90', shard), series('migrationsCommitted', '0x90', shard)],
        after: '80m',
      },
      quiet: {
        series: [series('migrationsFailed', '0+1x90', shard), series('migrationsCommitted', '0+5x90', shard)],
        after: '80m',
      },
    },
  },
  {
    name: 'ReeveMongodbDrainStuck',
    severity: 'ticket',
    expr: '$drainingShards > 0',
    for: '24h',
    summary: 'A shard of {{ $labels.target }} has been draining for a day',
    description: 'It is to be removed and is not empty. It often waits for somebody to move its databases.',
    command: onDeployment('db.adminCommand({ listShards: 1 })'),
    runbook: {
      meaning: 'removeShard is not done. Users feel nothing.',
      steps: [
        `See what is left: ${mongos('db.adminCommand({ removeShard: "<shard>" })')} (asks again, and says chunks, dbs and note).`,
        `Move the databases that it names, with applications stopped for them: ${mongos('db.adminCommand({ movePrimary: "<database>", to: "<other shard>" })')}`,
        'No chunk moves: is the balancer on? Are there jumbo chunks?',
      ],
      afterwards: 'It ends when removeShard answers completed.',
      links: pages('tutorial/remove-shards-from-cluster'),
    },
    tests: {
      fires: { series: [series('drainingShards', '1x1500')], after: '1450m' },
      quiet: { series: [series('drainingShards', '1x1000 0x500')], after: '1450m' },
    },
  },
  {
    name: 'ReeveMongodbShardsDiffer',
    severity: 'ticket',
    expr: '$differingIndexes > 0',
    for: '1h',
    summary:
      '{{ $value }} indexes of {{ $labels.database }} ({{ $labels.target }}) are not the same on all shards',
    description:
      'Queries are fast on one shard and slow on another, a unique index guards only a part, and chunks cannot be moved.',
    command: onDeployment(
      'db.getSiblingDB("{{ $labels.database }}").checkMetadataConsistency({ checkIndexes: true })',
    ),
    runbook: {
      meaning: 'An index was built or dropped on some shards only.',
      steps: [
        'See which: `reeve collect --target <target> --json`, details `differing_indexes`.',
        `Create or drop it through mongos, which does it on every shard: ${mongos('db.getSiblingDB("<database>").<collection>.createIndex(<key>, <options>)')}`,
      ],
      afterwards: 'It ends with the next reading of indexes. Never build indexes on shards directly.',
      links: pages(
        'reference/method/db.checkMetadataConsistency',
        'tutorial/manage-sharded-cluster-balancer',
      ),
    },
    tests: {
      fires: { series: [series('differingIndexes', '1x90', 'database="shop"')], after: '80m' },
      quiet: { series: [series('differingIndexes', '1x20 0x70', 'database="shop"')], after: '80m' },
    },
  },
  {
    name: 'ReeveMongodbInconsistentMetadata',
    severity: 'ticket',
    expr: '$inconsistentMetadata > 0',
    for: '2h',
    summary: '{{ $value }} inconsistencies ({{ $labels.kind }}) between the catalogs of {{ $labels.target }}',
    description:
      'Shards and config servers disagree about collections or indexes; queries may miss documents.',
    command: onDeployment('db.adminCommand({ checkMetadataConsistency: 1 })'),
    runbook: {
      meaning: 'mongos compared the catalogs and found differences.',
      steps: [
        `List them: ${mongos('db.getSiblingDB("admin").checkMetadataConsistency({ checkIndexes: true }).toArray()')}`,
        'Look the kind up in the manual: each has its own cure. InconsistentIndex may be an index that is just being changed; ask again.',
      ],
      afterwards: 'It ends with the next check, which takes place every hour.',
      links: pages('reference/inconsistency-type', 'reference/command/checkMetadataConsistency'),
    },
    tests: {
      fires: { series: [series('inconsistentMetadata', '1x200', 'kind="InconsistentIndex"')], after: '150m' },
      quiet: {
        series: [series('inconsistentMetadata', '1x60 0x100', 'kind="InconsistentIndex"')],
        after: '150m',
      },
    },
  },
];
