import type { TestSeries } from '../../../src/sdk.ts';

/** Labels of the target in the tests of rules. */
export const on = 'target="orders",engine="postgres"';

/** One series of that target over time, in promtool's notation at one-minute steps. */
export function series(key: string, values: string, labels = ''): TestSeries {
  return { series: `$${key}{${on}${labels === '' ? '' : `,${labels}`}}`, values };
}

export const primary: TestSeries = series('inRecovery', '0x600');
export const standby: TestSeries = series('inRecovery', '1x600');
