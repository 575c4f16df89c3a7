import { describe, expect, it } from 'vitest';
import { objectiveIds, objectives } from '../../../src/core/objective.ts';
import { practiceTopics } from '../../../src/core/ports/practices.ts';
import { pipelineIds } from '../../../src/core/remediation/settings.ts';
import { pipelines } from '../../../src/pipelines/pipelines.ts';

describe('pipelines', () => {
  it('have ids of their own, from the closed set', () => {
    const ids = pipelines.map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => pipelineIds.includes(id))).toBe(true);
  });

  it('start for the objectives that name them, and an objective starts at most one', () => {
    const started = pipelines.flatMap(({ objectives: own, title }) => own.map((id) => [id, title] as const));

    expect(new Set(started.map(([id]) => id)).size).toBe(started.length);
    for (const id of objectiveIds) {
      const named = pipelines.find(({ title }) => title === objectives[id].pipeline);
      expect(new Map(started).get(id), id).toBe(named?.title);
    }
  });

  it('look up only what is generic', () => {
    for (const { practices, practice, advice } of pipelines)
      for (const topic of [...Object.values(practices), practice, advice ?? practice])
        expect(practiceTopics).toContain(topic);
  });
});
