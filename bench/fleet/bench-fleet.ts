import type { Report } from '../report.ts';
import type { Run } from '../run.ts';
import { type Double, type DoubleKind, startDouble } from './doubles.ts';
import { startRealServers } from './fleet-servers.ts';
import { mixedFleet, pairFleet, scaled, totalOf } from './fleet-shape.ts';
import { type FleetFigures, measureFleet } from './measure-fleet.ts';
import { reportFleet } from './report-fleet.ts';

/** One agent on 100, 300 and 1,000 targets of two engines, and on 1,000 of five. */
export async function benchFleet(run: Run): Promise<Report> {
  const shares = run.isQuick ? [0.1, 0.3] : [0.1, 0.3, 1];
  const largest = Math.max(...shares);
  await using servers = await startRealServers(scaled(pairFleet, largest));
  run.say('servers started');
  const growth: FleetFigures[] = [];
  for (const share of shares) {
    growth.push(await measureFleet({ ...servers, doubles: [] }, scaled(pairFleet, share), run));
  }
  const counts = scaled(mixedFleet, run.isQuick ? 0.1 : 1);
  run.say(`${totalOf(counts)} targets of five engines: starting doubles`);
  await using stack = new AsyncDisposableStack();
  const doubles: Double[] = [];
  for (const kind of ['mongodb', 'cosmosdb', 'bigquery'] satisfies DoubleKind[]) {
    doubles.push(stack.use(await startDouble(kind, counts[kind])));
  }
  return reportFleet(growth, await measureFleet({ ...servers, doubles }, counts, run));
}
