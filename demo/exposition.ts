/** Reads the agent's page, as Prometheus would. */

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One reading of `/metrics`: the series of each metric by its name. */
export type Scrape = ReadonlyMap<string, readonly Series[]>;

/** Labels that a series must carry; others may be there too. An empty one is the same as none, as everywhere in Prometheus. */
export type Where = Readonly<Record<string, string>>;

/** Parses the Prometheus text format 0.0.4. Lines that are no samples are passed over. */
export function parseExposition(text: string): Scrape {
  const scrape = new Map<string, Series[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = sampleLine.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const series = { labels: parseLabels(labels), value: parseValue(value) };
    const known = scrape.get(name);
    if (known === undefined) scrape.set(name, [series]);
    else known.push(series);
  }
  return scrape;
}

/** The values of all series of a metric that carry the labels. */
function valuesOf(scrape: Scrape, name: string, where: Where = {}): readonly number[] {
  return seriesOf(scrape, name, where).map(({ value }) => value);
}

export function seriesOf(scrape: Scrape, name: string, where: Where = {}): readonly Series[] {
  const wanted = Object.entries(where);
  return (scrape.get(name) ?? []).filter(({ labels }) =>
    wanted.every(([key, value]) => (labels[key] ?? '') === value),
  );
}

/** How the values of several series become one. */
export const combine = {
  sum: (values: readonly number[]): number => values.reduce((total, value) => total + value, 0),
  max: (values: readonly number[]): number => Math.max(...values),
  min: (values: readonly number[]): number => Math.min(...values),
} as const;

export type Combination = keyof typeof combine;

/** One number of a metric; undefined when no series carries the labels, which is not 0. */
export function valueOf(
  scrape: Scrape,
  name: string,
  where: Where = {},
  how: Combination = 'sum',
): number | undefined {
  const values = valuesOf(scrape, name, where);
  return values.length === 0 ? undefined : combine[how](values);
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const labelPair = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const escapes: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' };

function parseLabels(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(labelPair)].map(([, key = '', value = '']) => [key, unescape(value)]);
  return Object.fromEntries(pairs);
}

function unescape(value: string): string {
  return value.replaceAll(/\\[n"\\]/g, (escape) => escapes[escape] ?? escape);
}

function parseValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
