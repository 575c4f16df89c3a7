import { describe, expect, it } from 'vitest';
import { syntheticJobs } from './synthetic-jobs.ts';

const month = { from: new Date('2026-10-01T00:00:00Z'), to: new Date('2026-11-01T00:00:00Z') };

describe('syntheticJobs', () => {
  it('makes the same jobs from the same seed', () => {
    expect(syntheticJobs({ ...month, seed: 1, jobsPerDay: 20 })).toEqual(
      syntheticJobs({ ...month, seed: 1, jobsPerDay: 20 }),
    );
    expect(syntheticJobs({ ...month, seed: 2, jobsPerDay: 20 })).not.toEqual(
      syntheticJobs({ ...month, seed: 1, jobsPerDay: 20 }),
    );
  });

  it('has scripts whose bytes are those of their children', () => {
    const jobs = syntheticJobs({ ...month, seed: 1 });
    const bytes = (list: readonly Readonly<Record<string, unknown>>[]): number =>
      list.reduce((sum, job) => sum + Number(job['total_bytes_billed']), 0);

    const scripts = jobs.filter((job) => job['statement_type'] === 'SCRIPT');
    const children = jobs.filter((job) => typeof job['parent_job_id'] === 'string');

    expect(scripts.length).toBeGreaterThan(50);
    expect(bytes(scripts)).toBe(bytes(children));
  });

  it('has what spend must not lose or invent: NULL statement types, cache hits, billed failures, reservations', () => {
    const jobs = syntheticJobs({ ...month, seed: 1, reservation: 'double-project:US.main' });

    expect(jobs.some((job) => job['statement_type'] === null && job['job_type'] === 'LOAD')).toBe(true);
    expect(jobs.some((job) => job['job_type'] === null)).toBe(true);
    expect(
      jobs.filter((job) => job['cache_hit'] === true).every((job) => job['total_bytes_billed'] === 0),
    ).toBe(true);
    expect(
      jobs.some((job) => job['error_result'] !== undefined && Number(job['total_bytes_billed']) > 0),
    ).toBe(true);
    expect(jobs.some((job) => job['reservation_id'] === 'double-project:US.main')).toBe(true);
  });
});
