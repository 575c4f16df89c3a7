import type { Log } from '../core/ports/log.ts';
import type { AgentFamily, AgentMetrics, AgentPoint } from '../telemetry/agent-metrics.ts';
import { agentMetrics } from '../telemetry/metrics.ts';
import type { ExpositionFormat, FamilyHeader } from './format.ts';
import { familyName, renderHeader } from './format.ts';
import type { RenderedTarget } from './rendered-target.ts';
import { formatValue, renderLabels } from './text-format.ts';

export interface TailInput {
  readonly format: ExpositionFormat;
  readonly targets: readonly RenderedTarget[];
  /** Unix time in milliseconds. */
  readonly now: number;
  readonly agent: AgentMetrics;
  readonly log: Log;
  /** Families that the page's body already holds; a family must not appear twice. */
  readonly taken: ReadonlySet<string>;
}

/** What changes between snapshots: the age of each, the agent's and the process's own metrics, and the end mark. */
export async function renderTail(input: TailInput): Promise<string> {
  const { format, taken } = input;
  const blocks = [{ header: ageHeader, lines: renderAges(input.targets, input.now) }];
  for (const family of await readAgentFamilies(input)) {
    blocks.push({ header: family, lines: renderPoints(family.points, format) });
  }
  const used = new Set(taken);
  let text = '';
  for (const { header, lines } of blocks.sort((a, b) => (a.header.name < b.header.name ? -1 : 1))) {
    const name = familyName(header, format);
    if (lines === '' || used.has(name)) continue;
    used.add(name);
    text += renderHeader(header, format) + lines;
  }
  return format === 'openmetrics' ? `${text}# EOF\n` : text;
}

const { name, help } = agentMetrics.snapshotAgeSeconds;
const ageHeader: FamilyHeader = { name, help, type: 'gauge' };

function renderAges(targets: readonly RenderedTarget[], now: number): string {
  let lines = '';
  for (const target of targets) {
    const ageSeconds = Math.max(0, now - target.at) / 1000;
    lines += `${name}{${target.labels}} ${formatValue(ageSeconds)}\n`;
  }
  return lines;
}

/** The databases' numbers must not be lost because the agent failed to read its own. */
async function readAgentFamilies({ agent, log }: TailInput): Promise<readonly AgentFamily[]> {
  try {
    return await agent.families();
  } catch (error) {
    log.error('agent metrics could not be read', { error });
    return [];
  }
}

function renderPoints(points: readonly AgentPoint[], format: ExpositionFormat): string {
  let lines = '';
  for (const point of points) {
    const labels = renderLabels(
      Object.entries(point.labels).map(
        ([label, value]) => [label, renderBound(label, value, format)] as const,
      ),
    );
    lines += `${point.name}${labels === '' ? '' : `{${labels}}`} ${formatValue(point.value)}\n`;
  }
  return lines;
}

/** OpenMetrics writes the bounds of buckets and quantiles as floats: `1.0`, not `1`. */
function renderBound(label: string, value: string | number, format: ExpositionFormat): string {
  const isBound = label === 'le' || label === 'quantile';
  const needsPoint = format === 'openmetrics' && isBound && Number.isInteger(Number(value));
  return needsPoint ? `${value}.0` : String(value);
}
