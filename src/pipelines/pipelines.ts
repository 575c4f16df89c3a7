import type { Pipeline } from '../remediate/pipeline.ts';
import { backup } from './backup.ts';
import { cache } from './cache.ts';
import { indexManagement } from './index-management.ts';
import { migration } from './migration.ts';
import { queryOptimisation } from './query-optimisation.ts';
import { storageGrowth } from './storage-growth.ts';
import { throughput } from './throughput.ts';
import { warehouse } from './warehouse.ts';

/** All pipelines; an objective starts at most one. */
export const pipelines: readonly Pipeline[] = [
  queryOptimisation,
  indexManagement,
  cache,
  migration,
  backup,
  warehouse,
  throughput,
  storageGrowth,
];
