import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import { hotContainer, prices, provision, tightContainer } from '../servers/carts.ts';
import { sleep } from '../sleep.ts';
import type { Story } from './story.ts';

const target = targets.cartsAccount;
const inCarts = (scrape: Scrape, metric: string, container: string): number | undefined =>
  valueOf(scrape, `reeve_cosmosdb_${metric}`, { target, container }, 'max');
const skew = (scrape: Scrape): number | undefined => inCarts(scrape, 'partition_skew', hotContainer);
const utilization = (scrape: Scrape, container: string): number | undefined =>
  inCarts(scrape, 'request_unit_utilization_ratio', container);

/** The minutes that Azure has counted lie in the past, so nothing is acted: it was like this before the demo began. */
export const hotPartitionStory: Story = {
  id: 'hot partition',
  title: 'double: half used and yet throttled',
  needsRedis: false,
  steps: [
    {
      text: `a utilisation of ${hotContainer} below 70 %`,
      isSeen: (scrape) => (utilization(scrape, hotContainer) ?? 1) < 0.7,
    },
    {
      text: 'throttled requests',
      isSeen: (scrape) => (inCarts(scrape, 'throttled_requests_per_second', hotContainer) ?? 0) > 0,
    },
    { text: 'a partition skew above 2', isSeen: (scrape) => (skew(scrape) ?? 0) > 2 },
  ],
  witness: { of: skew, text: (_, highest) => `one partition at ${measured(highest, 'times')}` },
};

const band = { from: 0.7, to: 0.85 } as const;
const tight = (scrape: Scrape): number | undefined => utilization(scrape, tightContainer);
const isTight = (scrape: Scrape): boolean => (tight(scrape) ?? 0) > band.to;
const isInBand = (scrape: Scrape): boolean => {
  const value = tight(scrape) ?? 0;
  return value >= band.from && value <= band.to;
};

export const throughputStory: Story = {
  id: 'throughput',
  title: 'double: raised into the band of 70–85 %',
  needsRedis: false,
  steps: [
    { text: `a utilisation of ${tightContainer} above 85 %`, isSeen: isTight },
    { text: `a utilisation of ${tightContainer} of 70–85 %`, isSeen: isInBand },
  ],
  witness: {
    of: tight,
    text: (lowest, highest) => `used ${measured(highest, 'ratio')}, then ${measured(lowest, 'ratio')}`,
  },
  async act({ carts, until }, signal) {
    await until(isTight, 20_000, signal);
    provision(carts, prices.raised);
    try {
      await until(isInBand, 20_000, signal);
      await sleep(60_000, signal);
    } finally {
      provision(carts, prices.tight);
    }
  },
};
