import type { Pipeline } from '../remediate/pipeline.ts';
import { indexManagement } from './index-management.ts';
import { queryOptimisation } from './query-optimisation.ts';

/** All pipelines; an objective starts at most one. */
export const pipelines: readonly Pipeline[] = [queryOptimisation, indexManagement];
