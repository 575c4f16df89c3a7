import { setTimeout as delay } from 'node:timers/promises';
import { type PostgresServer, rowsOf } from '../../tests/support/postgres/server.ts';
import type { Agent } from '../measure/agent.ts';
import type { Run } from '../run.ts';
import { startPostgresExporter, startPostgresExporterWithTables, startReeveOnPostgres } from './agents.ts';
import { measureSubject, type SubjectFigures } from './measure-subject.ts';
import { type ServerTime, watchServerTime } from './server-time.ts';

const everyMs = 1_000;

/** Each exporter alone with the server, scraped on a beat of a second. */
export async function measurePostgresExporters(
  server: PostgresServer,
  run: Run,
): Promise<readonly SubjectFigures[]> {
  const figures: SubjectFigures[] = [];
  for (const start of [startPostgresExporter, startPostgresExporterWithTables]) {
    await using agent = await start(server);
    run.say(agent.name);
    figures.push(await measure(agent, 'exporter', server, run));
  }
  return figures;
}

export interface ReeveOnPostgres {
  readonly figures: SubjectFigures;
  /** Of its first collection: connecting, looking around and all groups. */
  readonly first: ServerTime;
}

/** Reeve alone with the server, polling and being scraped on a beat of a second. */
export async function measureReeveOnPostgres(server: PostgresServer, run: Run): Promise<ReeveOnPostgres> {
  const endFirst = await watchServerTime(server, 'reeve');
  await using agent = await startReeveOnPostgres(server, '1s');
  run.say(`${agent.name} ${server.major}`);
  // The page is ready after the fast groups; the slow ones follow.
  await delay(run.isQuick ? 4_000 : 10_000);
  const first = await endFirst(1);
  return { figures: await measure(agent, 'reeve', server, run), first };
}

async function measure(
  agent: Agent,
  role: string,
  server: PostgresServer,
  run: Run,
): Promise<SubjectFigures> {
  const client = await server.connect();
  const sql = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = '${role}'`;
  try {
    return await measureSubject({
      agent,
      serverPid: server.pid,
      scrapes: run.isQuick ? 5 : 20,
      polls: run.isQuick ? 8 : 30,
      everyMs,
      countConnections: async () => Number((await rowsOf(client, sql))[0]?.['count']),
      watchTime: () => watchServerTime(server, role),
    });
  } finally {
    await client.end();
  }
}
