import { z } from 'zod';
import type { Run } from '../../src/core/remediation/run.ts';
import { targets } from '../agent-config.ts';
import { valueOf } from '../exposition.ts';
import { type Stage, withSession } from '../stage.ts';
import { restUntilEnd, waitForRun } from './decide.ts';
import { isDrilled } from './restore-drill.ts';
import type { Story } from './story.ts';

const target = targets.billing;
const isMigration = (run: Run): boolean => run.target === target && run.pipeline === 'migration';
const isIn = (states: readonly Run['state'][]) => (run: Run) =>
  isMigration(run) && states.includes(run.state);

export const migrationStory: Story = {
  id: 'migration',
  title: 'rehearsed, applied, and taken back',
  needsRedis: false,
  steps: [
    { text: 'a backup that was drilled', isSeen: isDrilled },
    {
      text: 'a plan, rehearsed up, down and up again',
      isSeen: (_scrape, _breaches, runs) =>
        runs.some((run) => isMigration(run) && run.planHash !== undefined),
    },
    {
      text: 'the migration, applied',
      isSeen: (scrape) => valueOf(scrape, 'reeve_migration_rows_lost', { target }, 'max') !== undefined,
    },
    {
      text: 'its rollback, verified',
      isSeen: (_scrape, _breaches, runs) => runs.some(isIn(['cancelled'])),
    },
  ],
  witness: {
    of: (scrape) => valueOf(scrape, 'reeve_migration_rows_lost', { target }, 'max'),
    text: (_, highest) => `${highest} rows lost`,
  },
  act: migrate,
};

async function migrate(stage: Stage, signal: AbortSignal): Promise<void> {
  const { operator, until, billing } = stage;
  await until(isDrilled, 600_000, signal);
  const files = billing.migrations;
  await operator.ask(['migrate', 'plan', files, '--target', target], signal, planExcerpt);
  const due = await waitForRun(stage, isMigration, signal);
  if (due.state === 'waiting') {
    const hash = (due.planHash ?? '').slice(0, 12);
    await operator.ask(['migrate', 'apply', files, '--target', target, '--plan', hash], signal);
    operator.note(`tables of ${target}: ${(await tablesOf(billing.applicationUrl)).join(', ')}`);
    await operator.ask(['migrate', 'rollback', '--target', target], signal);
    operator.note(`tables of ${target}: ${(await tablesOf(billing.applicationUrl)).join(', ')}`);
  }
  await restUntilEnd(signal);
}

function planExcerpt(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => /^(?:Run |Plan [0-9a-f])|^ {2}(?:What |WARNING|Rehearsal)/.test(line));
}

async function tablesOf(url: string): Promise<readonly string[]> {
  const Row = z.object({ tablename: z.string() });
  return withSession(url, 'catalogue', async (client) => {
    const { rows } = await client.query(
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    );
    return rows.map((row: unknown) => Row.parse(row).tablename);
  });
}
