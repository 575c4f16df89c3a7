import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ClientSecretCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTempDir } from '../temp-dir.ts';
import { type AzureDouble, startAzure } from './azure.ts';
import { callAzure, NOW_MS, SHOP } from './azure-call.ts';

const SCOPE = 'https://management.azure.com/.default';

describe('startAzure', () => {
  let azure: AzureDouble;
  let nowMs = NOW_MS;
  let account = '';
  beforeEach(async () => {
    nowMs = NOW_MS;
    azure = await startAzure({ accounts: [SHOP], now: () => nowMs });
    account = `${azure.account.resourceId}?api-version=2025-10-15`;
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await azure[Symbol.asyncDispose]();
  });

  const credentialOptions = () => ({
    authorityHost: azure.url,
    disableInstanceDiscovery: true,
    tlsOptions: { ca: azure.ca },
    retryOptions: { maxRetries: 0 },
  });

  it('signs an application in by its secret, trusting an authority given as an option', async () => {
    const { tenant, clientId, secret } = azure.registration;
    const credential = new ClientSecretCredential(tenant, clientId, secret, credentialOptions());
    const wrong = new ClientSecretCredential(tenant, clientId, 'wrong', credentialOptions());

    const { token } = await credential.getToken(SCOPE);

    expect(await callAzure(azure, account, { token })).toMatchObject({ status: 200 });
    await expect(wrong.getToken(SCOPE)).rejects.toThrow('AADSTS7000215');
  });

  it('signs a workload identity in by its token file', async () => {
    await using folder = await createTempDir('federated-token');
    const tokenFilePath = join(folder.path, 'token');
    await writeFile(tokenFilePath, azure.registration.federatedToken);
    const { tenant: tenantId, clientId } = azure.registration;
    const credential = new WorkloadIdentityCredential({
      tenantId,
      clientId,
      tokenFilePath,
      ...credentialOptions(),
    });

    const { token } = await credential.getToken(SCOPE);

    expect(azure.mint.check(token)).toMatchObject({ kind: 'valid' });
  });

  it('gives a managed identity a token where the environment says', async () => {
    for (const [name, value] of Object.entries(azure.managedIdentity)) vi.stubEnv(name, value);
    const credential = new ManagedIdentityCredential();

    const { token } = await credential.getToken(SCOPE);

    expect(await callAzure(azure, account, { token })).toMatchObject({
      status: 200,
      body: { name: 'double-shop', properties: { locations: [{ locationName: 'West Europe' }, {}] } },
    });
  });

  it('refuses to sign in when its authority hangs up or its certificate has expired', async () => {
    const { tenant, clientId, secret } = azure.registration;
    const fresh = (): ClientSecretCredential =>
      new ClientSecretCredential(tenant, clientId, secret, credentialOptions());
    const lift = azure.faults.add({ on: /oauth2/, fault: { kind: 'reset' } });
    await expect(fresh().getToken(SCOPE)).rejects.toThrow();
    lift();
    azure.expireCertificate();
    await expect(fresh().getToken(SCOPE)).rejects.toThrow('endpoints_resolution_error');
    azure.renewCertificate();

    expect(azure.mint.check((await fresh().getToken(SCOPE)).token)).toMatchObject({ kind: 'valid' });
  });

  it('refuses tokens for others, expired and revoked ones, and calls without a role', async () => {
    const { token } = azure.mint.issue('https://management.azure.com', 'test');
    const vault = azure.mint.issue('https://vault.azure.net', 'test').token;
    azure.deny('Microsoft.DocumentDB/databaseAccounts/sqlDatabases/read');

    const refused = (code: string) => ({ status: 401, body: { error: { code } } });
    expect(await callAzure(azure, account, { token: vault })).toMatchObject(
      refused('InvalidAuthenticationTokenAudience'),
    );
    expect(
      await callAzure(azure, `${azure.account.resourceId}/sqlDatabases?api-version=2025-10-15`),
    ).toMatchObject({
      status: 403,
      body: { error: { code: 'AuthorizationFailed', message: expect.stringContaining('sqlDatabases/read') } },
    });
    nowMs += 3_600_000;
    expect(await callAzure(azure, account, { token })).toMatchObject(refused('ExpiredAuthenticationToken'));
    azure.mint.revokeAll();
    expect(await callAzure(azure, account, { token })).toMatchObject(refused('InvalidAuthenticationToken'));
  });

  it('counts reads of a subscription and throttles above its budget', async () => {
    const budget = azure.budgetOf(azure.account.subscription);
    budget.limit = 2;

    const answers = [];
    for (let read = 0; read < 3; read += 1) answers.push(await callAzure(azure, account));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[0]?.headers['x-ms-ratelimit-remaining-subscription-reads']).toBe('1');
    expect(answers[2]?.headers['retry-after']).toBe('3600');
    expect(budget.used(nowMs)).toBe(2);
  });

  it('fails on demand and heals: refusal, reset, half an answer, flood, expired certificate, nobody there', async () => {
    azure.faults.add({ on: /databaseAccounts/, fault: { kind: 'answer', status: 503, body: {} }, times: 1 });
    expect(await callAzure(azure, account)).toMatchObject({ status: 503 });
    for (const fault of [{ kind: 'reset' }, { kind: 'flood', sizeBytes: 1_000_000 }] as const) {
      azure.faults.add({ on: /databaseAccounts/, fault, times: 1 });
      await expect(callAzure(azure, account)).rejects.toThrow();
    }
    azure.expireCertificate();
    await expect(callAzure(azure, account)).rejects.toMatchObject({ code: 'CERT_HAS_EXPIRED' });
    azure.renewCertificate();
    await azure.stop();
    await expect(callAzure(azure, account)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await azure.restart();

    expect(await callAzure(azure, account)).toMatchObject({ status: 200 });
  });

  it('keeps a client waiting that it never answers, or answers by half', async () => {
    for (const kind of ['hang', 'stall'] as const) {
      azure.faults.add({ on: /databaseAccounts/, fault: { kind }, times: 1 });
      const received = azure.requests.length;
      const waiting = callAzure(azure, account);
      waiting.catch(() => undefined);
      await vi.waitFor(() => expect(azure.requests).toHaveLength(received + 1));
      expect(await azure.connections()).toBe(1);
      await azure.restart();
      await expect(waiting).rejects.toThrow();
    }
  });
});
