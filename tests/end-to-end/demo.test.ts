import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runReeve } from '../support/process.ts';

const entry = join(import.meta.dirname, '../../demo/main.ts');

describe('npm run demo', () => {
  it('ends by itself in time, prints the scorecard, says what it could not finish, and leaves nothing', async () => {
    const began = performance.now();

    const { code, stdout, stderr } = await runReeve(['--for', '35s'], { entry, timeoutMs: 70_000 });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // Generous: the point is that it stops by itself, and not when its stories are told.
    expect(performance.now() - began).toBeLessThan(50_000);
    expect(stdout).toContain('orders-primary');
    // On a busy machine the agent may have had no time for a first judgement; then it says so.
    for (const text of ['index_hit_ratio', 'cache_hit_ratio', 'replication_lag_seconds'])
      expect(stdout).toMatch(
        new RegExp(`^  (${text} .*(met|unknown|breached since)|no objective is judged)`, 'm'),
      );
    for (const double of ['mongod (not MongoDB)', 'Azure (not Cosmos DB)', 'BigQuery (not Google)'])
      expect(stdout).toContain(double);
    for (const target of ['catalog-set', 'carts-account', 'warehouse'])
      expect(stdout).toMatch(new RegExp(`^${target} +DOUBLE`, 'm'));
    for (const line of stdout
      .split('\n')
      .filter((text) => /^( {2}[a-z_]|[✓·] )/.test(text) && !/http|\/\//.test(text)))
      expect(line.length).toBeLessThanOrEqual(100);
    expect(stdout).toMatch(/^[✓·] indexes /m);
    for (const story of ['lag breach', 'cache breach'])
      expect(stdout).toMatch(new RegExp(`^(✓ ${story} .* one breach, of|· ${story} .* for)`, 'm'));
    expect(stdout).toMatch(/^(✓ unused index .* unused, then 0 B|· unused index .* for)/m);
    expect(stdout).toMatch(/^(✓ slow query .* p95 .*, then|· slow query .* for)/m);
    expect(stdout).toContain('nothing is left behind');
    const port = /127\.0\.0\.1:(\d+)\/metrics/.exec(stdout)?.[1];
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
    const folder = /-c (\S+)\/reeve\.yaml/.exec(stdout)?.[1] ?? '';
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  }, 90_000);

  it('says how it is called when it is called wrongly', async () => {
    const { code, stdout, stderr } = await runReeve(['--four', '30s'], { entry });

    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('--for');
  });
});
