import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { buildPanel } from './build-panel.ts';
import type { PlannedPanel, PlannedRow } from './plan.ts';
import { usualHeights } from './visuals.ts';

/** Width of Grafana's grid. */
const columns = 24;

/** Rows one below the other, their panels from left to right; ids count from 1, because Grafana mistakes 0 for a panel without one. */
export function layOut(rows: readonly PlannedRow[]): (Panel | RowPanel)[] {
  const placed: (Panel | RowPanel)[] = [];
  const nextId = (): number => placed.length + 1;
  let y = 0;
  for (const { title, panels } of rows) {
    if (panels.length === 0) continue;
    placed.push({
      type: 'row',
      id: nextId(),
      title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: columns, x: 0, y },
    });
    y += 1;
    for (const line of linesOf(panels)) {
      let x = 0;
      for (const panel of line) {
        placed.push({
          ...buildPanel(panel),
          id: nextId(),
          gridPos: { h: heightOf(panel), w: panel.width, x, y },
        });
        x += panel.width;
      }
      y += Math.max(...line.map(heightOf));
    }
  }
  return placed;
}

function linesOf(panels: readonly PlannedPanel[]): readonly (readonly PlannedPanel[])[] {
  const lines: PlannedPanel[][] = [];
  let used = columns;
  for (const panel of panels) {
    if (used + panel.width > columns) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)?.push(panel);
    used += panel.width;
  }
  return lines;
}

function heightOf({ height, kind }: PlannedPanel): number {
  return height ?? usualHeights[kind];
}
