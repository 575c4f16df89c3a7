import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRecordingLog } from '../../../tests/support/recording-log.ts';
import { createTempDir } from '../../../tests/support/temp-dir.ts';
import { judgePlan } from './judge-plan.ts';
import { askSquawk } from './squawk.ts';

const act = {
  id: 'drop',
  summary: '',
  statement: 'DROP INDEX CONCURRENTLY "a"."b"',
  undo: ['CREATE INDEX CONCURRENTLY "b" ON a.t USING btree (x) WHERE (x > 1)'],
  undoKind: 'rebuild',
  locks: '',
} as const;

function planWith(statement: string): Parameters<typeof judgePlan>[0] {
  return {
    target: 'orders',
    engine: 'postgres',
    pipeline: 'index_management',
    action: 'drop_unused_index',
    identity: {},
    subject: 'b',
    title: '',
    acts: [{ ...act, statement }],
    preconditions: [],
    blastRadius: { objects: [], bytes: null, locks: [], estimatedMs: null },
    cost: '',
    expectation: { kind: 'gone', byAtLeast: 0, text: '' },
    exclusive: [],
    warnings: [],
    facts: {},
  };
}

describe('askSquawk', () => {
  it('gives the rules that statements break, with their lines', async () => {
    const answer = await askSquawk(
      'SELECT 1;\nALTER TABLE t ALTER COLUMN a TYPE bigint;',
      AbortSignal.timeout(20_000),
    );

    expect(answer).toMatchObject({ findings: [{ rule: 'changing-column-type', line: 2 }] });
  });

  it('says that it is not installed', async () => {
    const answer = await askSquawk('SELECT 1', AbortSignal.timeout(20_000), () => '/nowhere/squawk');

    expect(answer).toMatchObject({ missing: expect.stringContaining('ENOENT') });
  });

  it('says that it answered something else', async () => {
    await using folder = await createTempDir('squawk');
    const program = join(folder.path, 'squawk');
    await writeFile(program, '#!/bin/sh\necho nonsense\n');
    await chmod(program, 0o755);

    const answer = await askSquawk('SELECT 1', AbortSignal.timeout(20_000), () => program);

    expect(answer).toMatchObject({ missing: expect.stringContaining('did not answer') });
  });

  it('is ended when the caller has no more time', async () => {
    await using folder = await createTempDir('squawk');
    const program = join(folder.path, 'squawk');
    await writeFile(program, '#!/bin/sh\nexec sleep 60\n');
    await chmod(program, 0o755);

    await expect(askSquawk('SELECT 1', AbortSignal.timeout(100), () => program)).rejects.toThrow('timeout');
  });
});

describe('judgePlan', () => {
  it('finds nothing against the statements that Reeve builds', async () => {
    expect(await judgePlan(planWith(act.statement), createRecordingLog())).toEqual([]);
  });

  it('refuses by both judges', async () => {
    const refusals = await judgePlan(planWith('DROP INDEX "a"."b"'), createRecordingLog());

    expect(refusals.map(({ id }) => id)).toEqual([
      'not_concurrently',
      'squawk_require_concurrent_index_deletion',
    ]);
  });

  it('goes on without squawk, and says so', async () => {
    const log = createRecordingLog();

    const refusals = await judgePlan(planWith('DROP INDEX "a"."b"'), log, () =>
      Promise.resolve({ missing: 'gone' }),
    );

    expect(refusals.map(({ id }) => id)).toEqual(['not_concurrently']);
    expect(JSON.stringify(log)).toContain('without squawk');
  });
});
