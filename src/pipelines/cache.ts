import type { Pipeline } from '../remediate/pipeline.ts';

/** Caches that miss too often: why, and which setting or pattern would help. */
export const cache: Pipeline = {
  id: 'cache',
  title: 'cache',
  objectives: ['cache_hit_ratio'],
  practice: 'caching patterns and invalidation',
  advice: 'caching patterns and invalidation',
  practices: {
    raise_maxmemory: 'caching patterns and invalidation',
    set_eviction_policy: 'caching patterns and invalidation',
  },
  candidateLimit: 1,
  custodian: [],
};
