import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BigQuery } from '@google-cloud/bigquery';
import { JWT } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTempDir, type TempDir } from '../temp-dir.ts';
import { type BigQueryDouble, startBigQueryDouble } from './double.ts';
import type { ServiceAccountKey } from './token-endpoint.ts';

const scopes = ['https://www.googleapis.com/auth/bigquery'];

let double: BigQueryDouble;
let directory: TempDir;

beforeEach(async () => {
  double = await startBigQueryDouble();
  directory = await createTempDir('bigquery-token');
});

afterEach(async () => {
  await double.close();
  await directory.remove();
});

/** google-auth-library does not read `token_uri`: its requests for tokens are sent on to the double. */
function withKey(key: ServiceAccountKey): BigQuery {
  const authClient = new JWT({ email: key.client_email, key: key.private_key, scopes });
  authClient.transporter.interceptors.request.add({
    resolved: async (config) => {
      if (config.url.host === 'oauth2.googleapis.com') config.url = new URL(key.token_uri);
      return config;
    },
  });
  return new BigQuery({ projectId: double.project, apiEndpoint: double.url, authClient, autoRetry: false });
}

async function withWorkloadIdentity(): Promise<BigQuery> {
  const { file, subjectToken } = double.workloadIdentity(join(directory.path, 'subject-token'));
  const keyFilename = join(directory.path, 'key.json');
  await writeFile(file.credential_source.file, subjectToken);
  await writeFile(keyFilename, JSON.stringify(file));
  return new BigQuery({
    projectId: double.project,
    apiEndpoint: double.url,
    keyFilename,
    scopes,
    autoRetry: false,
  });
}

describe("the double's token endpoint", () => {
  it('gives a token for a JWT that the account has signed, once for several queries', async () => {
    const client = withKey(double.serviceAccount());

    await client.query('SELECT 1');
    await client.query('SELECT 2');

    expect(double.requests.map(({ operation }) => operation)).toEqual(['token', 'jobs.query', 'jobs.query']);
    expect(double.estate.rows('JOBS').map(({ row }) => row['user_email'])).toEqual(
      Array(2).fill('reeve@double-project.iam.double.test'),
    );
  });

  it('refuses the signature of another key', async () => {
    const mine = double.serviceAccount('one@double.test');
    const other = double.serviceAccount('two@double.test');

    await expect(withKey({ ...mine, private_key: other.private_key }).query('SELECT 1')).rejects.toThrow(
      /invalid_grant/,
    );
  });

  it('refuses a deleted account', async () => {
    const key = double.serviceAccount();
    double.tokens.refuse(key.client_email);

    await expect(withKey(key).query('SELECT 1')).rejects.toThrow(/invalid_grant/);
  });

  it('serves workload identity from a key file as it is', async () => {
    const client = await withWorkloadIdentity();

    const [rows] = await client.query('SELECT 1 AS x');

    expect(rows).toEqual([{ x: 1 }]);
    expect(double.requests.map(({ operation }) => operation)).toEqual(['token', 'jobs.query']);
  });

  it('lets a token grow old', async () => {
    let nowMs = Date.now();
    await double.close();
    double = await startBigQueryDouble({ nowMs: () => nowMs });
    const client = await withWorkloadIdentity();
    await client.query('SELECT 1');

    nowMs += 3_601_000;
    await client.query('SELECT 1').catch(() => undefined);

    expect(
      double.requests.some(({ operation, status }) => operation === 'jobs.query' && status === 401),
    ).toBe(true);
  });
});
