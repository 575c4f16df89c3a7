import { targets } from '../agent-config.ts';
import { type Scrape, valueOf } from '../exposition.ts';
import { measured } from '../scorecard/format.ts';
import { scriptUsd } from '../servers/warehouse-jobs.ts';
import type { Story } from './story.ts';

/**
 * Told by one reading: what costs money is read once in 15 minutes at most, and nobody can have it read more often, not even a demo. So
 * nothing is acted here either.
 */

const target = targets.warehouse;
const spend = (scrape: Scrape, window: string): number | undefined =>
  valueOf(scrape, 'reeve_bigquery_spend_usd', { target, window });
const forecast = (scrape: Scrape, which = ''): number | undefined =>
  valueOf(scrape, `reeve_bigquery_spend_forecast${which}_usd`, { target });

export const scriptStory: Story = {
  id: 'script',
  title: 'double: a script is not billed twice',
  needsRedis: false,
  steps: [
    {
      text: `a day with a script of ${measured(scriptUsd, 'usd')} in it, once and not twice`,
      isSeen: (scrape) => {
        const day = spend(scrape, 'last_24h') ?? Number.NaN;
        return day > scriptUsd && day < 2 * scriptUsd;
      },
    },
  ],
  witness: {
    of: (scrape) => spend(scrape, 'last_24h'),
    text: (_, highest) => `${measured(highest, 'usd')} in 24 hours`,
  },
};

export const forecastStory: Story = {
  id: 'forecast',
  title: "double: the month's end, and how sure it is",
  needsRedis: false,
  steps: [
    {
      text: 'a forecast of the month within its interval',
      isSeen: (scrape) => {
        const middle = forecast(scrape) ?? Number.NaN;
        const lower = forecast(scrape, '_lower') ?? Number.NaN;
        const upper = forecast(scrape, '_upper') ?? Number.NaN;
        return lower <= middle && middle <= upper && (spend(scrape, 'month') ?? Number.NaN) <= middle;
      },
    },
  ],
  witness: { of: (scrape) => forecast(scrape), text: (_, highest) => `about ${measured(highest, 'usd')}` },
};
