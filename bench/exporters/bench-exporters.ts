import type { Agent } from '../measure/agent.ts';
import { measureSteady } from '../measure/phases.ts';
import type { Report } from '../report.ts';
import type { Run } from '../run.ts';
import {
  startPostgresExporter,
  startPostgresExporterWithTables,
  startRedisExporter,
  startReeveOnPostgres,
  startReeveOnRedis,
} from './agents.ts';
import { installPeers, readPeerVersions } from './install-peers.ts';
import { measurePostgresExporters, measureReeveOnPostgres } from './measure-postgres.ts';
import { measureRedis, startLargeRedis } from './measure-redis.ts';
import { startLargeServer } from './postgres-schema.ts';
import { reportExporters } from './report-exporters.ts';

const intervalMs = 15_000;

/** Side by side with Debian's exporters of PostgreSQL and Redis, on the same servers. */
export async function benchExporters(run: Run): Promise<Report> {
  await installPeers();
  const newest = await measureNewest(run);
  run.say('PostgreSQL 16 and Redis');
  await using postgres = await startLargeServer(16);
  await using redis = await startLargeRedis();
  const exporters = await measurePostgresExporters(postgres, run);
  const reeve = await measureReeveOnPostgres(postgres, run);
  const redisFigures = await measureRedis(redis, run);
  run.say('all at 15 s, at the same time');
  await using stack = new AsyncDisposableStack();
  const agents: Agent[] = [
    stack.use(await startPostgresExporter(postgres)),
    stack.use(await startPostgresExporterWithTables(postgres)),
    stack.use(await startReeveOnPostgres(postgres, '15s')),
    stack.use(await startRedisExporter(redis)),
    stack.use(await startReeveOnRedis(redis, '15s', false)),
  ];
  if (!run.isQuick) await measureSteady(agents, intervalMs, 1);
  const steady = await measureSteady(agents, intervalMs, run.isQuick ? 1 : 5);
  return reportExporters({
    newest,
    exporters,
    reeve,
    redis: redisFigures,
    steady,
    versions: await readPeerVersions(),
  });
}

/** The newest server, which Debian's exporter does not read completely. */
async function measureNewest(run: Run): ReturnType<typeof measureReeveOnPostgres> {
  run.say('PostgreSQL 18');
  await using server = await startLargeServer(18);
  return await measureReeveOnPostgres(server, run);
}
