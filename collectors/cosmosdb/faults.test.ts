import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AzureDouble, startAzure } from '../../tests/support/azure/azure.ts';
import { samplesOf, type Watching } from '../../tests/support/watching.ts';
import { doubleShop, watchAccount } from './testing/watched-account.ts';

const quick = { interval: '2s', deadline: '2s' };
const metrics = /Insights\/metrics/;

async function withAzure(use: (azure: AzureDouble) => Promise<void>): Promise<void> {
  await using azure = await startAzure({ accounts: [doubleShop] });
  await use(azure);
}

function codesOf(watching: Watching): readonly string[] {
  const { failure, readings } = watching.latest();
  const codes = readings.flatMap(({ errors }) => errors.map(({ code }) => code));
  return [...new Set(failure === undefined ? codes : [failure.code])];
}

describe('the control plane, when something fails', () => {
  it('keeps what it knows of the account when Azure Monitor hangs', () =>
    withAzure(async (azure) => {
      await using watching = watchAccount(azure, { interval: '2s', deadline: '2s' });
      await watching.collect();
      azure.faults.add({ on: /TotalRequestUnits/, fault: { kind: 'hang' } });

      const snapshot = await watching.collect();

      expect(snapshot.up).toBe(true);
      expect(samplesOf(snapshot, 'reeve_cosmosdb_account_info')).toHaveLength(1);
      const consumption = snapshot.readings.find(({ group }) => group === 'consumption');
      expect(consumption?.errors.map(({ code }) => code)).toEqual(['timeout']);
      expect(samplesOf(snapshot, 'reeve_cosmosdb_request_units_per_second')).toEqual([]);
    }));

  it('gives up an answer that begins and does not end', () =>
    withAzure(async (azure) => {
      azure.faults.add({ on: /databaseAccounts\/double-shop\?/, fault: { kind: 'stall' } });
      await using watching = watchAccount(azure, quick);

      await watching.collect();

      expect(codesOf(watching)).toEqual(['timeout']);
    }));

  it('recovers from a token that never came', () =>
    withAzure(async (azure) => {
      const lift = azure.faults.add({ on: /oauth2|openid-configuration/, fault: { kind: 'hang' } });
      await using watching = watchAccount(azure, quick);
      await watching.collect();
      const codes = codesOf(watching);
      lift();

      const snapshot = await watching.collect();

      expect(codes).toEqual(['timeout']);
      expect(snapshot.up).toBe(true);
    }));

  it('takes a sign-in service that fails for an outage, not for a denial', () =>
    withAzure(async (azure) => {
      azure.faults.add({ on: /oauth2\/v2\.0\/token/, fault: { kind: 'answer', status: 503 }, times: 1 });
      await using watching = watchAccount(azure);
      await watching.collect();
      const codes = codesOf(watching);

      const snapshot = await watching.collect();

      expect(codes).toEqual(['unreachable']);
      expect(snapshot.up).toBe(true);
    }));

  it('takes a directory service that fails for an outage, not for a wrong directory', () =>
    withAzure(async (azure) => {
      azure.faults.add({ on: /openid-configuration/, fault: { kind: 'answer', status: 503 } });
      await using watching = watchAccount(azure);

      await watching.collect();

      expect(codesOf(watching)).toEqual(['unreachable']);
    }));

  it('says that the directory is not known', () =>
    withAzure(async (azure) => {
      const { clientId } = azure.registration;
      const tenant = '00000000-0000-4000-8000-000000000bad';
      const identity = { clientSecret: { tenant, clientId, secret: { env: 'DOUBLE_SECRET' } } };
      await using watching = watchAccount(azure, { identity });

      const snapshot = await watching.collect();

      expect(codesOf(watching)).toEqual(['denied']);
      expect(snapshot.failure?.message).toMatch(/directory/);
    }));

  it('loses throughput and nothing else to a page that does not come', async () => {
    await using azure = await startAzure({ accounts: [doubleShop], pageSize: 1 });
    await using watching = watchAccount(azure, { interval: '2s', deadline: '2s' });
    await watching.collect();
    azure.faults.add({ on: /sqlDatabases\?.*skip/i, fault: { kind: 'stall' } });

    const { readings } = await watching.collect();

    const failed = readings.filter(({ errors }) => errors.length > 0);
    expect(failed.map(({ group, errors }) => [group, errors[0]?.code])).toEqual([['throughput', 'timeout']]);
  });

  it('sends nothing to a server whose certificate has expired', () =>
    withAzure(async (azure) => {
      await using watching = watchAccount(azure);
      await watching.collect();
      azure.expireCertificate();
      const before = azure.requests.length;

      const snapshot = await watching.collect();

      expect(snapshot.up).toBe(false);
      expect(codesOf(watching)).toEqual(['unreachable']);
      expect(snapshot.failure?.message).toMatch(/certificate has expired/);
      expect(azure.requests.length).toBe(before);
      azure.renewCertificate();
      expect((await watching.collect()).up).toBe(true);
    }));

  it('trusts no server that its authorities do not vouch for', () =>
    withAzure(async (azure) => {
      await using watching = watchAccount(azure, { ca: undefined });

      const snapshot = await watching.collect();

      expect(snapshot.up).toBe(false);
      expect(codesOf(watching)).toEqual(['unreachable']);
      expect(azure.requests).toEqual([]);
    }));

  it('says denied when its token is no longer accepted, and asks for a new one', () =>
    withAzure(async (azure) => {
      await using watching = watchAccount(azure);
      await watching.collect();
      azure.mint.revokeAll();

      const snapshot = await watching.collect();

      expect(snapshot.up).toBe(false);
      expect(codesOf(watching)).toEqual(['denied']);
      expect(snapshot.failure?.message).toMatch(/token/);
      expect((await watching.collect()).up).toBe(true);
    }));

  it('takes the managed identity of the machine where nothing else is configured', () =>
    withAzure(async (azure) => {
      for (const [name, value] of Object.entries(azure.managedIdentity)) vi.stubEnv(name, value);
      onTestFinished(() => void vi.unstubAllEnvs());
      await using watching = watchAccount(azure, { identity: undefined });

      const snapshot = await watching.collect();

      expect(snapshot.failure).toBeUndefined();
      expect(snapshot.up).toBe(true);
    }));

  it('tells how many reads the service has left for it', () =>
    withAzure(async (azure) => {
      azure.budgetOf(azure.account.subscription).limit = 40;
      await using watching = watchAccount(azure);

      const snapshot = await watching.collect();

      const [left] = samplesOf(snapshot, 'reeve_cosmosdb_api_reads_remaining');
      expect(left?.value).toBe(39);
    }));

  it('says which role is missing', () =>
    withAzure(async (azure) => {
      azure.deny('Microsoft.DocumentDB/databaseAccounts/read');
      await using watching = watchAccount(azure);

      const snapshot = await watching.collect();

      expect(codesOf(watching)).toEqual(['denied']);
      expect(snapshot.failure?.message).toMatch(/Microsoft\.DocumentDB\/databaseAccounts\/read/);
      expect(snapshot.failure?.message).toMatch(/az role assignment create .*Reeve Cosmos DB Reader/);
    }));

  it('waits as long as Azure asks, and asks nothing meanwhile', () =>
    withAzure(async (azure) => {
      const fault = { kind: 'answer', status: 429, headers: { 'retry-after': '17' } } as const;
      azure.faults.add({ on: /TotalRequestUnits/, fault, times: 1 });
      // What is read apart may have been on its way already.
      const apart = ['throughput', 'partitions', 'storage', 'service_level'];
      const groups = Object.fromEntries(apart.map((group) => [group, { enabled: false }]));
      await using watching = watchAccount(azure, { groups });

      const snapshot = await watching.collect();

      const errors = snapshot.readings.flatMap((reading) => reading.errors);
      expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['throttled']));
      expect(errors[0]?.retryAfterMs).toBe(17_000);
      const asked = azure.requests.filter(({ path }) => metrics.test(path));
      expect(asked.map(({ status }) => status)).toEqual([429]);
      // The account is there; it is only not to be asked now.
      expect((await watching.collect()).up).toBe(true);
    }));

  it('gives up an answer that is too long, and says so', () =>
    withAzure(async (azure) => {
      azure.faults.add({ on: /DataUsage/, fault: { kind: 'flood', sizeBytes: 17 * 1_048_576 } });
      await using watching = watchAccount(azure);

      const snapshot = await watching.collect();

      const storage = snapshot.readings.find(({ group }) => group === 'storage');
      expect(storage?.errors.map(({ code }) => code)).toEqual(['malformed']);
      expect(storage?.errors[0]?.message).toMatch(/longer than 16 MiB/);
      expect(samplesOf(snapshot, 'reeve_cosmosdb_request_units_per_second').length).toBeGreaterThan(0);
    }));

  it('calls malformed what is not Azure', () =>
    withAzure(async (azure) => {
      const fault = { kind: 'answer', status: 200, body: '<html>a captive portal</html>' } as const;
      azure.faults.add({ on: /databaseAccounts\/double-shop\?/, fault });
      await using watching = watchAccount(azure);

      await watching.collect();

      expect(codesOf(watching)).toEqual(['malformed']);
    }));

  it('follows the next page nowhere but to Azure', () =>
    withAzure(async (azure) => {
      const body = { value: [], nextLink: 'https://elsewhere.example.com/steal?token' };
      azure.faults.add({ on: /\/sqlDatabases\?/, fault: { kind: 'answer', status: 200, body }, times: 1 });
      await using watching = watchAccount(azure);

      await watching.collect();

      const paths = azure.requests.map(({ path }) => path);
      expect(paths).toContain('/steal');
    }));

  it('recovers after Azure was away', () =>
    withAzure(async (azure) => {
      await using watching = watchAccount(azure);
      await watching.collect();
      await azure.stop();
      const away = await watching.collect();
      await azure.restart();

      const back = await watching.collect();

      expect([away.up, away.failure?.code, back.up]).toEqual([false, 'unreachable', true]);
    }));
});
