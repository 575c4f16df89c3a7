import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderConfig, secretsFolder, secretsOf } from '../../../demo/agent-config.ts';
import { type BillingServers, startBilling } from '../../../demo/servers/billing.ts';
import { unusedIndex } from '../../../demo/servers/billing-schema.ts';
import { runReeve } from '../../support/process.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const things = new AsyncDisposableStack();
let servers: BillingServers;

beforeAll(async () => {
  const folder = things.use(await createTempDir('billing'));
  await chmod(folder.path, 0o755); // the account that the servers run as has to come through
  servers = await startBilling(
    folder.path,
    (resource) => void things.use(resource),
    new AbortController().signal,
  );
}, 60_000);
afterAll(() => things.disposeAsync());

/** What the server answers to a statement that is taken back. */
async function attempt(secret: string, statement: string): Promise<string> {
  const client = new Client({ connectionString: servers.cast.secrets[secret] ?? '' });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(statement);
    return 'done';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.end();
  }
}

describe('the servers that Reeve may change in the demo', () => {
  it('let the login that acts drop an index and build it again, and the one that collects do neither', async () => {
    const drop = `DROP INDEX ${unusedIndex}`;
    const build = 'CREATE INDEX another_idx ON invoices (due_on)';

    for (const place of ['BILLING', 'BILLING_DEV']) {
      expect(await attempt(`${place}_REMEDIATION_URL`, drop)).toBe('done');
      expect(await attempt(`${place}_REMEDIATION_URL`, build)).toBe('done');
      expect(await attempt(`${place}_URL`, drop)).toContain('must be owner');
      expect(await attempt(`${place}_URL`, build)).toContain('must be owner');
    }
  });

  it('are two clusters, and the smaller one has comparable rows', async () => {
    const sql = `SELECT system_identifier::text AS identifier, (SELECT count(*) FROM payments) AS payments,
                        (SELECT count(*) FROM invoices) AS invoices FROM pg_control_system()`;
    const [here] = await servers.production.query(sql, 'billing');
    const [there] = await servers.development.query(sql, 'billing');

    expect(there?.['identifier']).not.toBe(here?.['identifier']);
    for (const table of ['payments', 'invoices'])
      expect(Number(there?.[table]) / Number(here?.[table])).toBeGreaterThan(0.1);
  });

  it('are configured so that check finds nothing amiss in either login', async () => {
    await using folder = await createTempDir('billing');
    const file = join(folder.path, 'reeve.yaml');
    await writeFile(file, renderConfig({ metrics: 1, control: 2 }, [servers.cast]));
    await mkdir(join(folder.path, secretsFolder), { mode: 0o700 });
    for (const [name, secret] of Object.entries(secretsOf([servers.cast])))
      await writeFile(join(folder.path, secretsFolder, name), secret, { mode: 0o600 });

    const { code, stdout, stderr } = await runReeve(['check', '-c', file], { timeoutMs: 60_000 });

    expect(code, stderr).toBe(0);
    expect(stdout).toContain('nothing is missing; the collecting login cannot act');
    expect(stdout).toMatch(/2 can be collected, .* 0 pieces of advice/);
    expect(stdout).not.toContain('BLIND');
  }, 90_000);
});
