/**
 * `node dashboards/picture/main.ts [SECONDS]` runs the demo's databases and stories for that time and draws the fleet overview to
 * docs/images/overview.svg, for the README. No Grafana is asked: layout, queries, units and colours are the dashboard's, the drawing is ours.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sleep } from '../../demo/sleep.ts';
import { startWatchedTheatre } from '../../tests/dashboards/live/theatre.ts';
import { DashboardFile, readCommittedDashboards } from '../../tests/dashboards/support/dashboard-file.ts';
import { drawDashboard } from './draw.ts';
import { readPanels } from './query-result.ts';

const target = new URL('../../docs/images/overview.svg', import.meta.url);
const seconds = Number(process.argv[2] ?? '120');
const caption =
  'The demo’s databases. Drawn by us from the dashboard’s own queries, layout and colours; this is not a screenshot of Grafana.';

const overview = readCommittedDashboards().find(({ file }) => file === 'reeve-overview.json');
const dashboard = DashboardFile.parse(overview?.json);
await using theatre = await startWatchedTheatre();
await theatre.prometheus.waitFor('reeve_target_up', 30_000);
await sleep(seconds * 1_000, new AbortController().signal);
const toSeconds = Date.now() / 1_000;
const range = { fromSeconds: toSeconds - seconds, toSeconds };
const results = await readPanels(theatre.prometheus, dashboard, range);
await mkdir(new URL('.', target), { recursive: true });
await writeFile(target, drawDashboard({ dashboard, results, range, caption }));
process.stdout.write(`${fileURLToPath(target)}\n`);
