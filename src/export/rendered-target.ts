import type { MetricDefinition } from '../core/metric.ts';
import type { Sample } from '../core/sample.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { Target } from '../core/target.ts';
import type { Pacer } from './pacer.ts';
import { escapeLabelValue, formatValue, isLabelName, renderLabels } from './text-format.ts';

/** A target that is on the page: the lines of its families one after the other, in one block. Never changed in place. */
export interface RenderedTarget {
  readonly id: string;
  /** The labels of every series of this target, rendered. */
  readonly labels: string;
  /** When its snapshot was taken, Unix time in milliseconds. */
  readonly at: number;
  readonly engine: string;
  /** The families, one a metric. */
  readonly metrics: readonly MetricDefinition[];
  /** Where the lines of each family end in `bytes`; they begin where those before them end. */
  readonly ends: Uint32Array;
  readonly bytes: Buffer;
}

/** How many samples are rendered between two looks at the time. */
const batchSize = 200;

/**
 * Renders a snapshot, in slices. Samples have the same text in both formats; only the header of a family differs. A second sample
 * with the same labels is left out, because a page must not hold a series twice.
 */
export async function renderTarget(snapshot: Snapshot, pacer: Pacer): Promise<RenderedTarget> {
  const { target } = snapshot;
  const families = await groupByFamily(snapshot.samples, pacer);
  const output = createOutput();
  const metrics: MetricDefinition[] = [];
  const ends: number[] = [];
  for (const samples of families.values()) {
    const metric = samples[0]?.metric;
    if (metric === undefined) continue;
    await renderFamily(metric, renderTargetLabels(target, metric), samples, output, pacer);
    metrics.push(metric);
    ends.push(output.length());
  }
  return {
    id: target.id,
    labels: renderTargetLabels(target),
    at: snapshot.at,
    engine: target.engine,
    metrics,
    ends: Uint32Array.from(ends),
    bytes: output.finish(),
  };
}

/** `target`, `engine` and the operator's labels; a label that the metric itself has is the metric's. */
function renderTargetLabels(target: Target, metric?: MetricDefinition): string {
  const own = Object.entries(target.labels).filter(
    ([name]) => isLabelName(name) && !taken.has(name) && !(metric && Object.hasOwn(metric.labels, name)),
  );
  return renderLabels([['target', target.id], ['engine', target.engine], ...own]);
}

const taken: ReadonlySet<string> = new Set(['target', 'engine']);

async function groupByFamily(samples: readonly Sample[], pacer: Pacer): Promise<Map<string, Sample[]>> {
  const families = new Map<string, Sample[]>();
  let count = 0;
  for (const sample of samples) {
    const family = families.get(sample.metric.name);
    if (family === undefined) families.set(sample.metric.name, [sample]);
    else family.push(sample);
    count += 1;
    if (count % batchSize === 0 && pacer.isDue()) await pacer.yield();
  }
  return families;
}

async function renderFamily(
  metric: MetricDefinition,
  targetLabels: string,
  samples: readonly Sample[],
  output: Output,
  pacer: Pacer,
): Promise<void> {
  const head = `${metric.name}{${targetLabels}`;
  const openings = Object.keys(metric.labels).map((name) => `,${name}="`);
  const seen = samples.length > 1 ? new Set<string>() : undefined;
  let lines = '';
  let count = 0;
  for (const { labels, value } of samples) {
    let text = '';
    for (const [index, opening] of openings.entries()) {
      const label = labels[index];
      if (label !== undefined && label !== '') text += `${opening}${escapeLabelValue(label)}"`;
    }
    if (seen?.has(text)) continue;
    seen?.add(text);
    lines += `${head}${text}} ${formatValue(value)}\n`;
    count += 1;
    if (count % batchSize !== 0) continue;
    output.write(lines);
    lines = '';
    if (pacer.isDue()) await pacer.yield();
  }
  output.write(lines);
}

interface Output {
  write(text: string): void;
  length(): number;
  finish(): Buffer;
}

const firstBlockBytes = 16 * 1024;

/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const worstBytesPerUnit = 3;

function createOutput(): Output {
  let block = Buffer.allocUnsafeSlow(firstBlockBytes);
  let length = 0;
  return {
    write(text) {
      const needed = length + text.length * worstBytesPerUnit;
      if (needed > block.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(needed, block.length * 2));
        block.copy(larger, 0, 0, length);
        block = larger;
      }
      length += block.write(text, length);
    },
    length: () => length,
    finish() {
      const exact = Buffer.allocUnsafeSlow(length);
      block.copy(exact, 0, 0, length);
      return exact;
    },
  };
}
