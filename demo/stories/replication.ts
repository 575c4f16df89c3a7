import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import type { Stage } from '../stage.ts';
import { isLagBreachOpen } from './breaches.ts';
import type { Story, Witness } from './story.ts';

const lag = (scrape: Scrape, target: string): number | undefined =>
  valueOf(scrape, 'reeve_replication_lag_seconds', { target }, 'max');
const isBehind = (scrape: Scrape, target: string): boolean => (lag(scrape, target) ?? 0) > 1;
const lagWitness = (target: string): Witness => ({
  of: (scrape) => lag(scrape, target),
  text: (_, highest) => `lag up to ${measured(highest, 'seconds')}`,
});
const isCaughtUp = (scrape: Scrape, target: string): boolean =>
  (lag(scrape, target) ?? Number.POSITIVE_INFINITY) < 1;

export const replicationStory: Story = {
  id: 'replication',
  title: 'replay on the standby stops, then catches up',
  needsRedis: false,
  steps: [
    { text: 'a lag below 1 s', isSeen: (scrape) => isCaughtUp(scrape, targets.ordersPrimary) },
    {
      text: 'a lag above 1 s, seen by primary and standby',
      isSeen: isSeenByBoth,
    },
    { text: 'a lag below 1 s again', isSeen: (scrape) => isCaughtUp(scrape, targets.ordersPrimary) },
  ],
  witness: lagWitness(targets.ordersPrimary),
  async act({ orders, until }, signal) {
    await until((scrape) => isCaughtUp(scrape, targets.ordersPrimary), 20_000, signal);
    await orders.standby.pauseReplay();
    try {
      await until(
        (scrape, ...recorded) => isSeenByBoth(scrape) && isLagBreachOpen(scrape, ...recorded),
        20_000,
        signal,
      );
    } finally {
      await orders.standby.resumeReplay();
    }
  },
};

function isSeenByBoth(scrape: Scrape): boolean {
  return isBehind(scrape, targets.ordersPrimary) && isBehind(scrape, targets.ordersStandby);
}

export const cacheReplicaStory: Story = {
  id: 'cache replica',
  title: 'the replica stands still, then catches up',
  needsRedis: true,
  steps: [
    { text: 'a lag below 1 s', isSeen: (scrape) => isCaughtUp(scrape, targets.sessionsCache) },
    { text: 'a lag above 1 s', isSeen: (scrape) => isBehind(scrape, targets.sessionsCache) },
    { text: 'a lag below 1 s again', isSeen: (scrape) => isCaughtUp(scrape, targets.sessionsCache) },
  ],
  witness: lagWitness(targets.sessionsCache),
  async act(stage, signal) {
    await freezeReplica(stage, signal);
  },
};

async function freezeReplica({ sessions, until }: Stage, signal: AbortSignal): Promise<void> {
  if (sessions === undefined) return;
  await until((scrape) => isCaughtUp(scrape, targets.sessionsCache), 20_000, signal);
  sessions.replica.freeze();
  await until((scrape) => isBehind(scrape, targets.sessionsCache), 15_000, signal).finally(() =>
    sessions.replica.thaw(),
  );
}
