import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planDashboards } from '../../../dashboards/source/index.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { type QueryOutcome, resolveVariables, runQueries } from '../support/ask-prometheus.ts';
import { DashboardFile, readCommittedDashboards } from '../support/dashboard-file.ts';
import { usuallyEmptyQueries } from '../support/usually-empty.ts';
import { wholeCatalogue } from '../support/whole-catalogue.ts';
import { emptyHere, withoutLabelHere } from './empty-here.ts';
import { startWatchedTheatre, type WatchedTheatre } from './theatre.ts';

/** Slow groups of the agent are read a few seconds after its start, and rates need two scrapes. */
const fillMs = 40_000;

let theatre: WatchedTheatre;
let reasons: ReadonlySet<string>;
const dashboards = readCommittedDashboards().map(({ json }) => DashboardFile.parse(json));

beforeAll(async () => {
  const plans = planDashboards(await wholeCatalogue());
  reasons = new Set([...usuallyEmptyQueries(plans), ...Object.keys(emptyHere)]);
  theatre = await startWatchedTheatre();
  await theatre.prometheus.waitFor('reeve_target_up', 30_000);
}, 120_000);

afterAll(() => theatre[Symbol.asyncDispose]());

describe('every query of every dashboard, on the agent that watches the demo’s databases', () => {
  for (const dashboard of dashboards) {
    it(`${dashboard.uid} shows something, or says why not`, { timeout: fillMs + 20_000 }, async () => {
      const outcomes = await runUntilFilled(dashboard);

      expect(outcomes.filter(({ fault }) => fault !== undefined)).toEqual([]);
      expect(outcomes.filter(lacksLabels)).toEqual([]);
      expect(unexplained(outcomes)).toEqual([]);
      expect(outcomes.filter(({ series }) => series > 0).length).toBeGreaterThan(5);
    });
  }

  it('finds what the variables offer', async () => {
    const overview = dashboards.find(({ uid }) => uid === 'reeve-overview');
    if (overview === undefined) throw new Error('there is no overview');

    const { found } = await resolveVariables(theatre.prometheus, overview);

    expect(found['target']).toEqual([...theatre.targets].sort());
    expect(found['engine']).toEqual(['bigquery', 'cosmosdb', 'mongodb', 'postgres', 'redis']);
  });

  it('notices a metric that nobody publishes, a query that is none and a legend without its label', async () => {
    const [dashboard] = dashboards;
    if (dashboard === undefined) throw new Error('there is no dashboard');
    const faulty = withQueries(dashboard, [
      { expr: 'reeve_renamed{job=~"$job"}', legendFormat: '' },
      { expr: 'sum by (job (reeve_target_up)', legendFormat: '' },
      { expr: 'reeve_target_up{job=~"$job"}', legendFormat: '{{replica}}' },
    ]);

    const { values } = await resolveVariables(theatre.prometheus, faulty);
    const outcomes = await runQueries(theatre.prometheus, faulty, values);

    expect(
      outcomes.map(({ series, fault, missingLabels }) => [series > 0, fault !== undefined, missingLabels]),
    ).toEqual([
      [false, false, []],
      [false, true, []],
      [true, false, ['replica']],
    ]);
  });
});

describe('the list of what is empty in the test', () => {
  it('names queries that there are', () => {
    const names = dashboards.flatMap(({ uid, panels }) =>
      panels.flatMap(({ title, targets }) => targets.map(({ refId }) => `${uid}: ${title}: ${refId}`)),
    );

    expect(
      [...Object.keys(emptyHere), ...Object.keys(withoutLabelHere)].filter((name) => !names.includes(name)),
    ).toEqual([]);
  });
});

/** Asks again until everything that has to is there, or it takes too long. */
async function runUntilFilled(dashboard: DashboardFile): Promise<readonly QueryOutcome[]> {
  let outcomes: readonly QueryOutcome[] = [];
  const ask = async (): Promise<boolean> => {
    const { values } = await resolveVariables(theatre.prometheus, dashboard);
    outcomes = await runQueries(theatre.prometheus, dashboard, values);
    return unexplained(outcomes).length === 0;
  };
  await waitUntil(`${dashboard.uid} to be filled`, ask, { timeoutMs: fillMs, everyMs: 1_000 }).catch(
    () => undefined, // the outcomes say what is missing
  );
  return outcomes;
}

/** A line without a name: the label is empty here, or does not exist. */
function lacksLabels({ where, missingLabels }: QueryOutcome): boolean {
  return missingLabels.length > 0 && !Object.hasOwn(withoutLabelHere, where);
}

function unexplained(outcomes: readonly QueryOutcome[]): readonly QueryOutcome[] {
  return outcomes.filter(({ where, series }) => series === 0 && !reasons.has(where));
}

function withQueries(
  dashboard: DashboardFile,
  queries: readonly { readonly expr: string; readonly legendFormat: string }[],
): DashboardFile {
  const panel = dashboard.panels.find(({ type }) => type === 'timeseries');
  const targets = queries.map((query, index) => ({ ...query, refId: String(index) }));
  return {
    ...dashboard,
    panels: panel === undefined ? [] : [{ ...panel, targets }],
    annotations: { list: [] },
  };
}
