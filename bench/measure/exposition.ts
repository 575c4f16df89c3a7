/** One line of a metrics page. */
export interface PageSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** How many series a page holds. */
export function countSeries(page: string): number {
  return page.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}

/** The samples of one metric; label values are not unescaped. */
export function samplesOf(page: string, name: string): readonly PageSample[] {
  const lines = page.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.map((line) => {
    const labels = Object.fromEntries(
      [...line.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [
        label,
        value,
      ]),
    );
    return { labels, value: Number(line.slice(line.lastIndexOf(' ') + 1)) };
  });
}

/** The sum over all series of a metric; 0 where there is none. */
export function sumOf(page: string, name: string): number {
  return samplesOf(page, name).reduce((sum, { value }) => sum + value, 0);
}
