import type { Pipeline } from '../remediate/pipeline.ts';

/** Storage that grows beyond its projection: what grows, how fast, and when it is full. */
export const storageGrowth: Pipeline = {
  id: 'storage_growth',
  title: 'storage growth',
  objectives: ['storage_bytes_forecast'],
  practice: 'bounding storage growth',
  advice: 'bounding storage growth',
  practices: {},
  candidateLimit: 3,
  custodian: [],
};
