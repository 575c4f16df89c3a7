import { targets, unusedAfter } from '../agent-config.ts';
import { type Scrape, seriesOf, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import { members, unusedIndexes } from '../servers/catalog.ts';
import { sleep } from '../sleep.ts';
import type { Stage } from '../stage.ts';
import type { Story } from './story.ts';

const target = targets.catalogSet;
const lag = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_replication_lag_seconds', { target }, 'max');
const isBehind = (scrape: Scrape): boolean => (lag(scrape) ?? 0) > 1;
const isCaughtUp = (scrape: Scrape): boolean => (lag(scrape) ?? Number.POSITIVE_INFINITY) < 1;

export const memberLagStory: Story = {
  id: 'member lag',
  title: 'double: a member stands still, then catches up',
  needsRedis: false,
  steps: [
    { text: 'a lag below 1 s', isSeen: isCaughtUp },
    { text: 'a lag above 1 s', isSeen: isBehind },
    { text: 'a lag below 1 s again', isSeen: isCaughtUp },
  ],
  witness: { of: lag, text: (_, highest) => `lag up to ${measured(highest, 'seconds')}` },
  async act({ catalog, until }, signal) {
    await until(isCaughtUp, 20_000, signal);
    catalog.set.set.freezeReplication(members.replica);
    try {
      await until(isBehind, 20_000, signal);
    } finally {
      catalog.set.set.thawReplication(members.replica);
    }
  },
};

const primaries = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_mongodb_replica_set_primaries', { target });
const term = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_mongodb_election_term', { target }, 'max');
const isLed = (scrape: Scrape): boolean => primaries(scrape) === 1;
const isLeaderless = (scrape: Scrape): boolean => primaries(scrape) === 0 && lag(scrape) === undefined;

export const electionStory: Story = {
  id: 'election',
  title: 'double: the primary steps down; lag is unknown',
  needsRedis: false,
  steps: [
    { text: 'one primary', isSeen: isLed },
    { text: 'no primary, and no lag: it is unknown then', isSeen: isLeaderless },
    { text: 'one primary again', isSeen: isLed },
  ],
  witness: { of: term, text: (lowest, highest) => `term ${lowest}, then ${highest}` },
  act: holdElection,
};

/** After the member that stood still has caught up, so that each of the two shows. The old primary leads again in the end. */
async function holdElection({ catalog: { set }, until }: Stage, signal: AbortSignal): Promise<void> {
  await until(isBehind, 20_000, signal);
  await until(isCaughtUp, 20_000, signal);
  set.set.stepDown();
  await until(isLeaderless, 15_000, signal);
  set.set.elect(members.replica);
  await until(isLed, 15_000, signal);
  await sleep(5_000, signal);
  set.set.elect(members.primary);
}

const unused = (scrape: Scrape): number | undefined =>
  valueOf(scrape, 'reeve_mongodb_unused_indexes', { target, database: 'catalog' });

export const memberIndexStory: Story = {
  id: 'member indexes',
  title: 'double: one used by the hidden member stays',
  needsRedis: false,
  steps: [
    {
      text: 'a redundant index',
      isSeen: (scrape) => (valueOf(scrape, 'reeve_mongodb_redundant_indexes', { target }) ?? 0) >= 1,
    },
    {
      // One more would be the one that only the hidden member uses.
      text: `${unusedIndexes.length} indexes proven unused on every member after ${unusedAfter}`,
      isSeen: (scrape) => unused(scrape) === unusedIndexes.length,
    },
  ],
  witness: {
    of: (scrape) =>
      seriesOf(scrape, 'reeve_mongodb_unused_indexes', { target }).length > 0 ? unused(scrape) : undefined,
    text: (_, highest) => `${highest} unused on 3 members`,
  },
};
