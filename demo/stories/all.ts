import { blockingStory } from './blocking.ts';
import { cacheBreachStory, lagBreachStory } from './breaches.ts';
import { bigKeyStory, cacheStory } from './cache.ts';
import { hotPartitionStory, throughputStory } from './carts.ts';
import { electionStory, memberIndexStory, memberLagStory } from './catalog.ts';
import { hitRatioStory } from './hit-ratios.ts';
import { indexStory, invalidIndexStory } from './indexes.ts';
import { migrationStory } from './migration.ts';
import { cacheReplicaStory, replicationStory } from './replication.ts';
import { restoreDrillStory } from './restore-drill.ts';
import { slowQueryStory } from './slow-query.ts';
import { statementStory } from './statements.ts';
import type { Story } from './story.ts';
import { unusedIndexStory } from './unused-index.ts';
import { forecastStory, scriptStory } from './warehouse.ts';

/** In the order of the scorecard. Adding a story is adding a line. */
export const stories: readonly Story[] = [
  indexStory,
  invalidIndexStory,
  hitRatioStory,
  blockingStory,
  replicationStory,
  lagBreachStory,
  statementStory,
  unusedIndexStory,
  slowQueryStory,
  restoreDrillStory,
  migrationStory,
  cacheStory,
  cacheBreachStory,
  bigKeyStory,
  cacheReplicaStory,
  memberLagStory,
  electionStory,
  memberIndexStory,
  hotPartitionStory,
  throughputStory,
  scriptStory,
  forecastStory,
];
