import { z } from 'zod';
import type { JsonObject } from '../../../../src/sdk.ts';

/** One node of EXPLAIN (FORMAT JSON), without its conditions: they may hold values. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string | undefined;
  readonly Schema?: string | undefined;
  readonly 'Index Name'?: string | undefined;
  readonly 'Plan Rows': number;
  readonly 'Total Cost': number;
  readonly 'Actual Rows'?: number | undefined;
  readonly 'Actual Loops'?: number | undefined;
  readonly 'Rows Removed by Filter'?: number | undefined;
  readonly 'Shared Hit Blocks'?: number | undefined;
  readonly 'Shared Read Blocks'?: number | undefined;
  readonly Plans?: readonly PlanNode[] | undefined;
}

const node: z.ZodType<PlanNode> = z.lazy(() =>
  z.object({
    'Node Type': z.string(),
    'Relation Name': z.string().optional(),
    Schema: z.string().optional(),
    'Index Name': z.string().optional(),
    'Plan Rows': z.number(),
    'Total Cost': z.number(),
    'Actual Rows': z.number().optional(),
    'Actual Loops': z.number().optional(),
    'Rows Removed by Filter': z.number().optional(),
    'Shared Hit Blocks': z.number().optional(),
    'Shared Read Blocks': z.number().optional(),
    Plans: z.array(node).optional(),
  }),
);

const document = z.object({ Plan: node, 'Execution Time': z.number().optional() });
export type Explained = z.infer<typeof document>;

/** A row of EXPLAIN (FORMAT JSON). */
export const explainRow = z.object({ 'QUERY PLAN': z.tuple([document]) });

export function nodesOf(plan: PlanNode): readonly PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** Rows a sequential scan reads over all its loops; those of the table where it was not run. */
export function rowsScanned(scan: PlanNode, tableRows: number): number {
  if (scan['Actual Rows'] === undefined) return Math.max(tableRows, scan['Plan Rows']);
  return (scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)) * (scan['Actual Loops'] ?? 1);
}

/** The tree as indented lines, for people: what is read how, never by which values. */
export function outline(plan: PlanNode, depth = 0): readonly string[] {
  const on = plan['Relation Name'] === undefined ? '' : ` on ${plan['Relation Name']}`;
  const by = plan['Index Name'] === undefined ? '' : ` using ${plan['Index Name']}`;
  const actual =
    plan['Actual Rows'] === undefined
      ? ''
      : `, actual rows ${plan['Actual Rows']} x ${plan['Actual Loops'] ?? 1}`;
  const line = `${'  '.repeat(depth)}${plan['Node Type']}${by}${on} (cost ${plan['Total Cost']}, rows ${plan['Plan Rows']}${actual})`;
  return [line, ...(plan.Plans ?? []).flatMap((child) => outline(child, depth + 1))];
}

export function outlineBody({ Plan, ...times }: Explained): JsonObject {
  const hit = Plan['Shared Hit Blocks'];
  return {
    plan: outline(Plan),
    executionMs: times['Execution Time'] ?? null,
    blocksHit: hit ?? null,
    blocksRead: Plan['Shared Read Blocks'] ?? null,
  };
}
