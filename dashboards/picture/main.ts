/**
 * `node dashboards/picture/main.ts [SECONDS]` runs the demo's databases for that time, lets the standby fall behind towards the end, and
 * draws the fleet overview to docs/images/overview.svg, for the README. No Grafana is asked: layout, queries, units and colours are the
 * dashboard's, the drawing is ours.
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
/** The standby falls behind for this long: enough for a breach, which is still open in the picture. */
const behindSeconds = 30;

const overview = readCommittedDashboards().find(({ file }) => file === 'reeve-overview.json');
const dashboard = DashboardFile.parse(overview?.json);
await using watched = await startWatchedTheatre();
const { prometheus, theatre } = watched;
await prometheus.waitFor('reeve_target_up', 30_000);
const { signal } = new AbortController();
await sleep((seconds - behindSeconds) * 1_000, signal);
await theatre.orders.standby.pauseReplay(); // nobody resumes it: the servers are stopped after the picture
await sleep(behindSeconds * 1_000, signal);
const toSeconds = Date.now() / 1_000;
const range = { fromSeconds: toSeconds - seconds, toSeconds };
const results = await readPanels(prometheus, dashboard, range);
const doubles = theatre.casts.flatMap(({ double, targets }) => (double === undefined ? [] : targets));
const caption = `The demo’s databases; ${doubles.join(', ')} are doubles of ours, not the services. Drawn by us from the dashboard’s own queries, layout and colours: no screenshot of Grafana.`;
await mkdir(new URL('.', target), { recursive: true });
await writeFile(target, drawDashboard({ dashboard, results, range, caption }));
process.stdout.write(`${fileURLToPath(target)}\n`);
