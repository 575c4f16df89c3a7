import type { TestSeries } from '../../../src/sdk.ts';

/** Labels of the target in the tests of rules. */
const on = 'target="cache1",engine="redis"';
export const node = 'node="10.0.0.5:6379"';

/** One series of a server of that target over time, in promtool's notation at one-minute steps. */
export function series(key: string, values: string, labels = node): TestSeries {
  return { series: `$${key}{${on}${labels === '' ? '' : `,${labels}`}}`, values };
}
