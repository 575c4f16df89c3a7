import { beforeEach, describe, expect, it } from 'vitest';
import { createFailedAfterActing } from '../../../src/cli/failed-after-acting.ts';
import type { RemediationRecords } from '../../../src/core/ports/remediation-records.ts';
import { targetLease } from '../../../src/core/remediation/fencing.ts';
import type { ActResult } from '../../../src/core/remediation/run.ts';
import { createMemoryRemediationRecords } from '../../../src/store/memory-remediation-records.ts';
import { createAgentMetrics } from '../../../src/telemetry/agent-metrics.ts';
import { newYear } from '../../contract/objective-records.ts';
import { draft, intent, run } from '../../contract/remediation-records.ts';

type Act = readonly [act: string, direction: 'apply' | 'undo', outcome: ActResult | undefined];

describe('createFailedAfterActing', () => {
  let records: RemediationRecords;
  let total: () => Promise<number | undefined>;

  beforeEach(async () => {
    records = createMemoryRemediationRecords();
    await records.takeLease(targetLease('orders'), 'agent', newYear, 60_000);
    const agent = createAgentMetrics();
    const count = createFailedAfterActing(agent, records, newYear);
    total = async () => {
      await count();
      const families = await agent.families();
      return families.find(({ name }) => name === 'reeve_remediation_failed_after_acting_total')?.points[0]
        ?.value;
    };
  });

  async function fail(id: string, acts: readonly Act[], updatedAt = newYear + 1): Promise<void> {
    await records.claim(run({ id, state: 'failed', updatedAt }));
    for (const [act, direction, outcome] of acts) {
      const begun = await records.intend(intent({ runId: id, act, direction }), draft());
      if (outcome !== undefined) await records.conclude(begun, outcome, newYear, '', draft());
    }
  }

  it.each<readonly [string, readonly Act[]]>([
    [
      'one of two acts was done',
      [
        ['a', 'apply', 'done'],
        ['b', 'apply', 'failed'],
      ],
    ],
    ['an act was begun and nobody saw its end', [['a', 'apply', undefined]]],
    [
      'taking it back failed',
      [
        ['a', 'apply', 'done'],
        ['a', 'undo', 'failed'],
      ],
    ],
  ])('counts a run that failed when %s, once', async (_, acts) => {
    expect(await total()).toBe(0);
    await fail('r-1', acts);

    expect(await total()).toBe(1);
    expect(await total()).toBe(1);
  });

  it('does not count one that did nothing, was taken back, or failed before the agent started', async () => {
    await fail('r-1', [
      ['a', 'apply', 'failed'],
      ['b', 'apply', 'refused'],
    ]);
    await fail('r-2', [
      ['a', 'apply', 'half_applied'],
      ['a', 'undo', 'done'],
    ]);
    await fail('r-3', [['a', 'apply', 'done']], newYear - 1);

    expect(await total()).toBe(0);
  });
});
