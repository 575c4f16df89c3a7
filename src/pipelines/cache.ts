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
  // A setting that is put back at once, and a hit ratio that shows within hours: a day has all of its load in it.
  soakMs: ({ soakMs }) => Math.min(soakMs, 86_400_000),
};
