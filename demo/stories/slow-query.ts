import { z } from 'zod';
import type { RunReport } from '../../src/core/remediation/control.ts';
import type { Run } from '../../src/core/remediation/run.ts';
import { targets } from '../agent-config.ts';
import { valueOf } from '../exposition.ts';
import type { BreachRecord } from '../judged.ts';
import { measured } from '../scorecard/format.ts';
import { type Stage, withSession } from '../stage.ts';
import { restUntilEnd, seeThrough, waitForRun } from './decide.ts';
import type { Story } from './story.ts';

const target = targets.billing;
const ofBilling = (breaches: readonly BreachRecord[]): readonly BreachRecord[] =>
  breaches.filter((each) => each.target === target && each.objective === 'oltp_query_seconds');
const isOptimisation = (run: Run): boolean => run.target === target && run.pipeline === 'query_optimisation';

export const slowQueryStory: Story = {
  id: 'slow query',
  title: 'a breach, an index after approval, no breach',
  needsRedis: false,
  steps: [
    {
      text: `a breach of oltp_query_seconds on ${target}`,
      isSeen: (_scrape, breaches) => ofBilling(breaches).length > 0,
    },
    {
      text: 'a plan for it by itself, with measured gain',
      isSeen: (_scrape, _breaches, runs) =>
        runs.some((run) => isOptimisation(run) && run.planHash !== undefined),
    },
    {
      text: 'the index, verified and kept',
      isSeen: (_scrape, _breaches, runs) => runs.some((run) => isOptimisation(run) && run.state === 'kept'),
    },
    {
      text: 'the end of the breach',
      isSeen: (_scrape, breaches) => ofBilling(breaches).some(({ closedAt }) => closedAt !== undefined),
    },
  ],
  witness: {
    of: (scrape) => valueOf(scrape, 'reeve_postgres_statement_p95_estimate_seconds', { target }, 'max'),
    text: (lowest, highest) => `p95 ${measured(highest, 'seconds')}, then ${measured(lowest, 'seconds')}`,
  },
  act: indexIt,
};

/** The breach begins the run: nobody asks for it. */
async function indexIt(stage: Stage, signal: AbortSignal): Promise<void> {
  const { operator, agent } = stage;
  const run = await waitForRun(
    stage,
    (each) => isOptimisation(each) && each.trigger.kind === 'breach',
    signal,
  );
  operator.note(`${run.trigger.text}: run ${run.id} of ${run.pipeline} begins by itself`);
  const ended = await seeThrough(stage, run.id, signal);
  if (ended.state === 'kept') {
    const report = await agent.report(run.id, signal);
    for (const text of gains(report)) operator.note(text);
    for (const text of await builtIndexes(stage)) operator.note(text);
  }
  await restUntilEnd(signal);
}

const Verified = z.object({
  comparisons: z.array(
    z.object({
      what: z.string(),
      role: z.string(),
      before: z.number().nullable(),
      after: z.number().nullable(),
    }),
  ),
});

/** Means of production's own statistics, from before the change and from its soak, as the run keeps them as evidence. */
function gains({ evidence }: RunReport): readonly string[] {
  const last = evidence.findLast(({ kind }) => kind === 'verification');
  const parsed = Verified.safeParse(last?.body);
  if (!parsed.success) return [];
  return parsed.data.comparisons.flatMap(({ what, role, before, after }) => {
    if (role !== 'indicator' || !what.startsWith('statement') || before === null || after === null) return [];
    const share = measured(1 - after / before, 'ratio');
    return [
      `pg_stat_statements of ${target}: mean ${measured(before, 'seconds')} before, ${measured(after, 'seconds')} after: ${share} less`,
    ];
  });
}

async function builtIndexes({ billing }: Stage): Promise<readonly string[]> {
  const Row = z.object({ indexdef: z.string() });
  return withSession(billing.applicationUrl, 'catalogue', async (client) => {
    const { rows } = await client.query(
      "SELECT indexdef FROM pg_indexes WHERE tablename = 'payments' AND indexname NOT LIKE '%pkey'",
    );
    return rows.map((row: unknown) => `pg_indexes of ${target}: ${Row.parse(row).indexdef}`);
  });
}
