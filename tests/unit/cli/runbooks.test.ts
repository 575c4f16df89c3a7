import { describe, expect, it } from 'vitest';
import { engine as postgres } from '../../../collectors/postgres/index.ts';
import { createRunbooks } from '../../../src/cli/runbooks.ts';

describe('createRunbooks', () => {
  it('finds the runbook of an alert by its name', () => {
    const { text } = createRunbooks([postgres]);

    expect(text('ReeveIndexHitRatioLow')).toMatch(/^# ReeveIndexHitRatioLow/);
    expect(text('ReeveNothing')).toBeUndefined();
  });

  it('says where the one of an objective is served, if an engine measures it', () => {
    const { pathOf } = createRunbooks([postgres]);

    expect(pathOf('index_hit_ratio')).toBe('runbooks/ReeveIndexHitRatioLow');
    expect(pathOf('bigquery_spend_usd')).toBeUndefined();
    expect(pathOf('migration_rows_lost')).toBe('runbooks/ReeveMigrationRowsLost');
  });
});
