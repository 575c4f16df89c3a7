import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What the tests read of a dashboard; `sdk-schema.ts` holds the rest of it to Grafana's types. */

const Datasource = z.looseObject({ type: z.string(), uid: z.string() });

const Target = z.looseObject({
  refId: z.string(),
  expr: z.string(),
  legendFormat: z.string().default(''),
  instant: z.boolean().optional(),
  datasource: Datasource.optional(),
});

const Override = z.looseObject({
  matcher: z.looseObject({ id: z.string(), options: z.unknown() }),
  properties: z.array(z.looseObject({ id: z.string(), value: z.unknown() })),
});

const Panel = z.looseObject({
  id: z.number(),
  type: z.string(),
  title: z.string().default(''),
  description: z.string().default(''),
  gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
  datasource: Datasource.optional(),
  targets: z.array(Target).default([]),
  fieldConfig: z
    .looseObject({
      defaults: z.looseObject({ unit: z.string().optional() }),
      overrides: z.array(Override),
    })
    .optional(),
  options: z.unknown().optional(),
});

const Variable = z.looseObject({
  type: z.string(),
  name: z.string(),
  label: z.string().default(''),
  query: z.union([z.string(), z.looseObject({ query: z.string() })]).optional(),
  datasource: Datasource.optional(),
  multi: z.boolean().optional(),
  allValue: z.string().optional(),
  refresh: z.number().optional(),
  hide: z.number().optional(),
});

const Annotation = z.looseObject({ name: z.string(), expr: z.string() });

const Link = z.looseObject({ title: z.string(), type: z.string() });

export const DashboardFile = z.looseObject({
  uid: z.string(),
  title: z.string(),
  description: z.string().default(''),
  tags: z.array(z.string()),
  editable: z.boolean(),
  timezone: z.string(),
  refresh: z.string(),
  schemaVersion: z.number(),
  time: z.object({ from: z.string(), to: z.string() }),
  panels: z.array(Panel),
  templating: z.object({ list: z.array(Variable) }),
  annotations: z.object({ list: z.array(Annotation) }),
  links: z.array(Link),
});

export type DashboardFile = z.infer<typeof DashboardFile>;
export type DashboardPanel = z.infer<typeof Panel>;
export type DashboardTarget = z.infer<typeof Target>;
export type DashboardVariable = z.infer<typeof Variable>;

/** Where the committed dashboards are. */
const dashboardFolder = join(import.meta.dirname, '../../../dashboards');

export interface CommittedDashboard {
  readonly file: string;
  readonly text: string;
  readonly json: unknown;
}

export function readCommittedDashboards(): readonly CommittedDashboard[] {
  const files = readdirSync(dashboardFolder).filter((name) => name.endsWith('.json'));
  return files.sort().map((file) => {
    const text = readFileSync(join(dashboardFolder, file), 'utf8');
    const json: unknown = JSON.parse(text);
    return { file, text, json };
  });
}

/** The PromQL-like text of a variable; empty for a data source. */
export function variableQuery({ type, query }: DashboardVariable): string {
  if (type !== 'query' || query === undefined) return '';
  return typeof query === 'string' ? query : query.query;
}

/** Rows hold no query. */
export function queryPanels({ panels }: DashboardFile): readonly DashboardPanel[] {
  return panels.filter(({ type }) => type !== 'row');
}
