import { describe, expect, it } from 'vitest';
import { planDashboards, renderDashboards } from '../../dashboards/source/index.ts';
import { createCatalogue } from '../../src/catalogue/catalogue.ts';
import { agentSlices } from '../../src/cli/agent-slices.ts';
import type { EngineDashboard, Panel } from '../../src/core/dashboard.ts';
import type { Engine } from '../../src/core/engine.ts';
import { createFakeEngine } from '../support/fake-engine.ts';
import { DashboardFile, type DashboardPanel } from './support/dashboard-file.ts';
import { wholeCatalogue } from './support/whole-catalogue.ts';

const panel: Panel = {
  title: 'Hit ratio',
  description: 'Hits of all lookups.',
  kind: 'timeseries',
  unit: 'ratio',
  queries: [{ expr: '$targetUp{$on}', legend: '{{target}}' }],
};

const sections = { health: [], problems: [], performance: [], capacity: [], maintenance: [] };

describe('renderDashboards', () => {
  it('gives the same bytes for the same catalogue', async () => {
    const catalogue = await wholeCatalogue();

    expect(renderDashboards(catalogue)).toEqual(renderDashboards(catalogue));
  });

  it('leaves out sections without panels', () => {
    const { panels } = dashboardOf({ ...sections, capacity: [panel] });

    expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Objectives',
      'Capacity',
      'Collection',
    ]);
  });

  it('asks for the chosen targets of the engine and no other', () => {
    const { targets } = panelOf({ ...sections, health: [panel] });

    expect(targets.map(({ expr }) => expr)).toEqual([
      'reeve_target_up{job=~"$job",engine="fake",target=~"$target"}',
    ]);
  });

  it('colours what is outside the default bound and draws the bound in force dashed', () => {
    const { targets, fieldConfig } = panelOf({
      ...sections,
      health: [{ ...panel, objective: 'request_unit_utilization_ratio' }],
    });

    expect(fieldConfig?.defaults['thresholds']).toEqual({
      mode: 'absolute',
      steps: [
        { value: null, color: 'red' },
        { value: 0.7, color: 'green' },
        { value: 0.85, color: 'red' },
      ],
    });
    expect(targets[1]?.expr).toContain('reeve_objective_bound{');
    expect(fieldConfig?.overrides[0]?.matcher).toEqual({ id: 'byFrameRefID', options: 'B' });
  });

  it('shows times in the milliseconds that Grafana counts in', () => {
    const { targets } = panelOf({ ...sections, health: [{ ...panel, kind: 'stat', unit: 'timestamp' }] });

    expect(targets[0]?.expr).toBe('(reeve_target_up{job=~"$job",engine="fake",target=~"$target"}) * 1000');
  });

  it('says in the description why a panel is usually empty', () => {
    const { description } = panelOf({
      ...sections,
      health: [{ ...panel, usuallyEmpty: 'nothing is wrong.' }],
    });

    expect(description).toBe('Hits of all lookups.\n\nUsually empty: nothing is wrong.');
  });

  it('refuses a panel that names a metric nobody declares', () => {
    const broken = { ...panel, queries: [{ expr: '$nothingOfThatName{$on}', legend: '' }] };

    expect(() => dashboardOf({ ...sections, health: [broken] })).toThrow(/nothingOfThatName/);
  });

  it('leaves out the cost of engines that are not built in', () => {
    const cost = planDashboards(createCatalogue([engineWith(sections)], agentSlices)).find(
      ({ name }) => name === 'reeve-cost',
    );

    expect(cost?.rows).toEqual([]);
  });
});

function engineWith(dashboard: EngineDashboard): Engine {
  return { ...createFakeEngine().engine, dashboard };
}

function dashboardOf(dashboard: EngineDashboard): DashboardFile {
  const files = renderDashboards(createCatalogue([engineWith(dashboard)], agentSlices));
  const text = files.find(({ path }) => path === 'dashboards/reeve-fake.json')?.text ?? '';
  return DashboardFile.parse(JSON.parse(text));
}

function panelOf(dashboard: EngineDashboard): DashboardPanel {
  const found = dashboardOf(dashboard).panels.find(({ title }) => title === panel.title);
  if (found === undefined) throw new Error('the panel is missing');
  return found;
}
