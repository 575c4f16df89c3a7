import type { AlertRule } from '../core/alert-rule.ts';
import type { Engine } from '../core/engine.ts';
import type { MetricDefinition, MetricTable } from '../core/metric.ts';
import type { NamedMetrics } from './expressions.ts';

/** Every metric Reeve can publish: the engines' tables and the agent's own. */
export interface Catalogue {
  /** In the order of their ids. */
  readonly engines: readonly Engine[];
  readonly agent: readonly AgentSlice[];
}

/** Metrics about Reeve itself and about its collections. */
export interface AgentSlice {
  readonly title: string;
  /** What they are about, in one sentence. */
  readonly summary: string;
  readonly metrics: MetricTable;
  /** What operators expect to be told of. */
  readonly alerts?: readonly AlertRule[];
  /** Where the alerts stand in a file of their own: its name, what they are about, and metrics of engines that they speak of too. */
  readonly alertFile?: {
    readonly name: string;
    readonly summary: string;
    readonly table: NamedMetrics;
  };
}

/** One metric and who declares it: an engine's id or a slice's title. */
export interface CatalogueEntry {
  readonly owner: string;
  readonly key: string;
  readonly metric: MetricDefinition;
}

export function createCatalogue(engines: Iterable<Engine>, agent: readonly AgentSlice[]): Catalogue {
  return { engines: [...engines].sort((a, b) => (a.id < b.id ? -1 : 1)), agent };
}

/** All metrics, engines first; one that several engines share comes once for each. */
export function catalogueEntries({ engines, agent }: Catalogue): readonly CatalogueEntry[] {
  const tables = [
    ...engines.map(({ id, metrics }) => ({ owner: id, metrics })),
    ...agent.map(({ title, metrics }) => ({ owner: title, metrics })),
  ];
  return tables.flatMap(({ owner, metrics }) =>
    Object.entries(metrics).map(([key, metric]) => ({ owner, key, metric })),
  );
}
