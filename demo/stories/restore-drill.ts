import type { Run } from '../../src/core/remediation/run.ts';
import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import type { Stage } from '../stage.ts';
import { restUntilEnd } from './decide.ts';
import type { Sight, Story } from './story.ts';

const target = targets.billing;
const isDrill = (run: Run): boolean => run.target === target && run.pipeline === 'backup';
/** Reeve restored the base backup of billing, and everything in it was as it should be. */
export const isDrilled: Sight = (_scrape, _breaches, runs) =>
  runs.some((run) => isDrill(run) && run.state === 'verified');
const recovery = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_drill_recovery_seconds', { target }, 'max');

export const restoreDrillStory: Story = {
  id: 'restore drill',
  title: 'a kept backup is restored, verified, measured',
  needsRedis: false,
  steps: [
    {
      text: `a base backup of ${target}`,
      isSeen: (scrape) => valueOf(scrape, 'reeve_backup_age_seconds', { target }, 'max') !== undefined,
    },
    { text: 'a drill that restores it, and verifies what comes out', isSeen: isDrilled },
    { text: 'its recovery time', isSeen: (scrape) => recovery(scrape) !== undefined },
  ],
  witness: { of: recovery, text: (_, highest) => `recovered in ${measured(highest, 'seconds')}` },
  act: drill,
};

async function drill({ operator, until }: Stage, signal: AbortSignal): Promise<void> {
  await until((scrape) => valueOf(scrape, 'reeve_target_up', { target }) === 1, 60_000, signal);
  await operator.ask(['drill', target], signal, checkExcerpt);
  await restUntilEnd(signal);
}

/** What was proven and how long it took; the rest is for reading in peace. */
function checkExcerpt(lines: readonly string[]): readonly string[] {
  const isWanted = /^(?:VERIFIED|FAILED|Recovery took|Would be lost|Counts)|FAILED/;
  const checks = lines.filter((line) => / +(?:ok|FAILED|not done) +/.test(line)).length;
  return [...lines.filter((line) => isWanted.test(line)), `${checks} checks; all of them: reeve runs show`];
}
