import { describe, expect, it } from 'vitest';
import { objectiveIds, objectives } from '../../../src/core/objective.ts';

describe('objectives', () => {
  it('are the twelve success metrics', () => {
    expect(objectiveIds).toHaveLength(12);
    expect(Object.keys(objectives)).toEqual([...objectiveIds]);
  });

  it('leave only those without a default bound to the operator', () => {
    const unbound = objectiveIds.filter((id) => Object.keys(objectives[id].bound).length === 0);

    expect(unbound).toEqual(['bigquery_spend_usd', 'storage_bytes_forecast']);
  });

  it('ask for a basis only over a window', () => {
    const withoutWindow = objectiveIds.filter(
      (id) => objectives[id].minimumBasis !== undefined && objectives[id].windowMs === undefined,
    );

    expect(withoutWindow).toEqual([]);
  });
});
