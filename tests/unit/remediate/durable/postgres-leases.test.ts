import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { LeaseLost, ProcessCancelled } from '../../../../src/core/ports/durable-engine.ts';
import { startTcpProxy } from '../../../support/net/tcp-proxy.ts';
import { type PostgresServer, startPostgres } from '../../../support/postgres/server.ts';
import { spawnReeve } from '../../../support/process.ts';
import { createTempDir } from '../../../support/temp-dir.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { aborted, add } from './journal-place.ts';
import { createPostgresPlace, endpointOf } from './postgres-place.ts';

const program = fileURLToPath(new URL('./agent.program.ts', import.meta.url));
let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ major: 17, name: 'durable-leases' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** They wait for OpenWorkflow's lease of 30 s, all at the same time. */
describe.concurrent('a lease on PostgreSQL', () => {
  it('passes to another agent half a minute after kill -9 in a step: that step again, the others once', async ({
    expect,
  }) => {
    await using place = await createPostgresPlace(server);
    await using folder = await createTempDir('durable-takeover');
    const record = join(folder.path, 'record.txt');
    const endpoint = JSON.stringify(endpointOf(server, place.database));
    await using agent = await spawnReeve(['-', record], {
      entry: program,
      env: { DURABLE_ENDPOINT: endpoint },
    });
    await agent.waitForLine(/^in apply$/);
    agent.signal('SIGKILL');
    await agent.exit;
    const { engine } = await place.open();
    const done: string[] = [];
    engine.define('execute', async (_input, steps) => {
      await steps.step('pre-check', async () => add(done, 'pre-check'));
      await steps.step('apply', async () => add(done, 'apply'));
      await steps.step('verify', async () => add(done, 'verify'));
    });

    await engine.begin();

    expect(await engine.list()).toMatchObject([{ id: 'run-1', state: 'running' }]);
    await waitUntil('the end', () => done.includes('verify'), { timeoutMs: 40_000 });
    expect(done).toEqual(['apply', 'verify']);
    expect(await readFile(record, 'utf8')).toBe('pre-check\napply\n');
  }, 60_000);

  it('that cannot be renewed because the server hangs ends the step, and its process goes on when the server answers', async ({
    expect,
  }) => {
    const proxy = await startTcpProxy({ targetPort: server.port });
    await using place = await createPostgresPlace(server, proxy);
    const { engine, log } = await place.open();
    const reasons: unknown[] = [];
    const done: string[] = [];
    engine.define('execute', async (_input, steps) => {
      await steps.step('pre-check', async () => add(done, 'pre-check'));
      await steps.step('apply', async (signal) => {
        add(done, 'apply');
        if (done.length > 2) return null;
        await proxy.set({ kind: 'hang' });
        await aborted(signal);
        reasons.push(signal.reason);
        throw signal.reason;
      });
      await steps.step('verify', async () => add(done, 'verify'));
    });
    await engine.begin();
    await engine.start('execute', 'run-1', null);
    await waitUntil('the abort', () => reasons.length > 0, { timeoutMs: 40_000 });
    expect(reasons).toEqual([expect.any(LeaseLost)]);

    await proxy.set({ kind: 'pass' });

    await waitUntil('the end', () => done.includes('verify'), { timeoutMs: 60_000 });
    expect(done).toEqual(['pre-check', 'apply', 'apply', 'verify']);
    expect(log.events.some(({ level }) => level === 'error')).toBe(true);
    await engine.close();
    await proxy.close();
  }, 120_000);

  it.for([
    ['cancelled by another agent', "status = 'canceled', finished_at = now()", ProcessCancelled],
    ['taken over', "worker_id = 'somebody else'", LeaseLost],
  ] as const)(
    'that somebody else ended aborts the step at the next heartbeat: %s',
    { timeout: 30_000 },
    async ([, change, expected], { expect }) => {
      await using place = await createPostgresPlace(server);
      const { engine, log } = await place.open();
      const reasons: unknown[] = [];
      let isIn = false;
      engine.define('execute', async (_input, steps) => {
        await steps.step('apply', async (signal) => {
          isIn = true;
          await aborted(signal);
          reasons.push(signal.reason);
          return null;
        });
      });
      await engine.begin();
      await engine.start('execute', 'run-1', null);
      await waitUntil('the step', () => isIn);

      await server.query(`UPDATE reeve_durable.workflow_runs SET ${change}`, place.database);

      await waitUntil('the abort', () => reasons.length > 0, { timeoutMs: 20_000 });
      expect(reasons).toEqual([expect.any(expected)]);
      await engine.close();
      expect(log.events.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );
});
