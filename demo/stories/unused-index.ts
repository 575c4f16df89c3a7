import type { Run } from '../../src/core/remediation/run.ts';
import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import { unusedIndex } from '../servers/billing-schema.ts';
import { type Stage, withSession } from '../stage.ts';
import { restUntilEnd, seeThrough, waitForRun } from './decide.ts';
import type { Sight, Story } from './story.ts';

const place = { target: targets.billing, database: 'billing' } as const;
const unused = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_postgres_unused_indexes', place);
const isProven: Sight = (scrape) => (unused(scrape) ?? 0) > 0;

const isDrop = ({ target, action }: Run): boolean =>
  target === targets.billing && action === 'drop_unused_index';

export const unusedIndexStory: Story = {
  id: 'unused index',
  title: 'dropped after approval, and kept so',
  needsRedis: false,
  steps: [
    { text: `an index of ${targets.billing} proven unused`, isSeen: isProven },
    {
      text: 'a plan to drop it, rehearsed',
      isSeen: (_scrape, _breaches, runs) => runs.some((run) => isDrop(run) && run.planHash !== undefined),
    },
    {
      text: 'the drop, verified and kept',
      isSeen: (_scrape, _breaches, runs) => runs.some((run) => isDrop(run) && run.state === 'kept'),
    },
    { text: 'no unused index any more', isSeen: (scrape) => unused(scrape) === 0 },
  ],
  witness: {
    of: (scrape) => valueOf(scrape, 'reeve_postgres_unused_index_bytes', place),
    text: (lowest, highest) => `${measured(highest, 'bytes')} unused, then ${measured(lowest, 'bytes')}`,
  },
  act: dropIt,
};

async function dropIt(stage: Stage, signal: AbortSignal): Promise<void> {
  const { operator, until, billing } = stage;
  await until(isProven, 600_000, signal);
  await operator.ask(['runs', 'start', 'index_management', targets.billing], signal);
  const run = await waitForRun(
    stage,
    ({ target, pipeline, trigger }) =>
      target === targets.billing && pipeline === 'index_management' && trigger.kind === 'person',
    signal,
  );
  await seeThrough(stage, run.id, signal);
  const isThere = await withSession(billing.applicationUrl, 'catalogue', async (client) => {
    const { rows } = await client.query('SELECT FROM pg_class WHERE relname = $1', [unusedIndex]);
    return rows.length > 0;
  });
  operator.note(`pg_class of ${targets.billing}: ${unusedIndex} is ${isThere ? 'STILL THERE' : 'gone'}`);
  await operator.ask(['audit', 'verify'], signal);
  await restUntilEnd(signal);
}
