import { BigQuery } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BigQueryDouble, startBigQueryDouble } from './double.ts';

const MEBIBYTE = 1024 ** 2;
const jobs = '`double-project.region-us.INFORMATION_SCHEMA.JOBS`';

let double: BigQueryDouble;

beforeEach(async () => {
  double = await startBigQueryDouble({ nowMs: () => Date.parse('2026-11-20T12:00:00Z') });
});

afterEach(() => double.close());

function client(project = double.project): BigQuery {
  const authClient = new OAuth2Client();
  authClient.setCredentials({
    access_token: double.tokens.issue('reeve@double.test'),
    expiry_date: Date.now() + 3_600_000,
  });
  return new BigQuery({ projectId: project, apiEndpoint: double.url, authClient, autoRetry: false });
}

describe('the BigQuery double, asked by the official client', () => {
  it('evaluates a query over rows, with parameters and all types', async () => {
    double.inventory.addJob({
      creation_time: '2026-11-19T08:00:00Z',
      user_email: 'a@x',
      total_bytes_billed: 2 ** 40,
      labels: { team: 'core' },
    });
    double.inventory.addJob({
      creation_time: '2026-11-19T09:00:00Z',
      user_email: 'b@x',
      total_bytes_billed: 5,
      statement_type: null,
    });
    const query = `SELECT user_email, SUM(total_bytes_billed) AS bytes, SUM(total_bytes_billed) / POW(1024, 4) AS tib,
      MIN(creation_time) AS first, DATE(MIN(creation_time), 'America/Los_Angeles') AS day, LOGICAL_OR(cache_hit) AS hit,
      ARRAY_AGG(STRUCT(job_id, statement_type AS kind)) AS ids
      FROM ${jobs} WHERE creation_time >= @from GROUP BY user_email ORDER BY bytes DESC`;

    const [rows] = await client().query({ query, params: { from: new Date('2026-11-01T00:00:00Z') } });

    expect(JSON.parse(JSON.stringify(rows))).toEqual([
      {
        user_email: 'a@x',
        bytes: 2 ** 40,
        tib: 1,
        first: { value: '2026-11-19T08:00:00.000Z' },
        day: { value: '2026-11-19' },
        hit: false,
        ids: [{ job_id: 'job_1', kind: 'SELECT' }],
      },
      {
        user_email: 'b@x',
        bytes: 5,
        tib: 5 / 2 ** 40,
        first: { value: '2026-11-19T09:00:00.000Z' },
        day: { value: '2026-11-19' },
        hit: false,
        ids: [{ job_id: 'job_2', kind: null }],
      },
    ]);
  });

  it('estimates a dry run, bills nothing for it and keeps no job', async () => {
    const [job] = await client().createQueryJob({ query: `SELECT COUNT(*) FROM ${jobs}`, dryRun: true });

    expect(job.metadata.statistics.query.totalBytesBilled).toBe('0');
    expect(job.metadata.status.state).toBe('DONE');
    expect(double.estate.rows('JOBS')).toHaveLength(0);
  });

  it('bills 10 MiB for each table reference and shows the job with its labels in JOBS', async () => {
    const query = `SELECT a.job_id FROM ${jobs} AS a JOIN ${jobs} AS b ON a.job_id = b.job_id`;

    await client().query({ query, labels: { reeve: 'test' } });

    const [rows] = await client().query(
      `SELECT total_bytes_billed AS billed, l.value AS label FROM ${jobs}, UNNEST(labels) AS l`,
    );
    expect(rows).toEqual([{ billed: 20 * MEBIBYTE, label: 'test' }]);
  });

  it('runs our jobs in a reservation when told so', async () => {
    double.steering.reservation = 'double-project:US.main';

    const [job] = await client().createQueryJob('SELECT 1');

    const [metadata] = await job.getMetadata();
    expect(metadata.statistics.reservation_id).toBe('double-project:US.main');
    expect(double.estate.rows('JOBS')[0]?.row['reservation_id']).toBe('double-project:US.main');
  });

  it('refuses more bytes than allowed without a charge', async () => {
    const query = { query: `SELECT COUNT(*) FROM ${jobs}`, maximumBytesBilled: String(5 * MEBIBYTE) };

    await expect(client().query(query)).rejects.toMatchObject({
      code: 400,
      errors: [{ reason: 'bytesBilledLimitExceeded' }],
    });

    expect(double.estate.rows('JOBS').map(({ row }) => row['total_bytes_billed'])).toEqual([0]);
  });

  it('answers 400 to SQL that is wrong or that it does not know, naming the place', async () => {
    await expect(client().query(`SELECT total_byte_billed FROM ${jobs}`)).rejects.toMatchObject({
      code: 400,
      errors: [
        {
          reason: 'invalidQuery',
          message: 'Unrecognized name: total_byte_billed; Did you mean total_bytes_billed? at [1:8]',
        },
      ],
    });
    await expect(client().createQueryJob({ query: 'SELECT SOUNDEX("x")', dryRun: true })).rejects.toThrow(
      /double does not evaluate the function SOUNDEX/,
    );
  });

  it('keeps regions and projects apart', async () => {
    await double.close();
    double = await startBigQueryDouble({
      projects: ['double-a', 'double-b'],
      regions: ['us', 'europe-west1'],
    });
    double.inventory.addJob({
      creation_time: new Date(),
      region: 'europe-west1',
      project_id: 'double-b',
      job_id: 'there',
    });
    const there = '`double-b.region-europe-west1.INFORMATION_SCHEMA.JOBS`';

    const [rows] = await client('double-a').query({
      query: `SELECT job_id FROM ${there}`,
      location: 'europe-west1',
    });
    const elsewhere = client('double-a').query({ query: `SELECT job_id FROM ${there}`, location: 'US' });
    const nowhere = client('double-a').query(
      'SELECT 1 FROM `double-a.region-asia-east1.INFORMATION_SCHEMA.JOBS`',
    );

    expect(rows).toEqual([{ job_id: 'there' }]);
    await expect(elsewhere).rejects.toMatchObject({ code: 404 });
    await expect(nowhere).rejects.toMatchObject({ code: 400 });
  });

  it('gives results page by page, after jobComplete false', async () => {
    for (let index = 0; index < 5; index += 1) double.inventory.addJob({ creation_time: new Date(index) });
    double.steering.maximumRowsPerPage = 2;
    double.steering.pendingPolls = 2;

    const [rows] = await client().query(`SELECT job_id FROM ${jobs} ORDER BY creation_time`);

    expect(rows).toHaveLength(5);
    expect(
      double.requests.filter(({ operation }) => operation === 'getQueryResults').length,
    ).toBeGreaterThanOrEqual(4);
  });

  it('cancels a job that would never end', async () => {
    double.steering.pendingPolls = Number.POSITIVE_INFINITY;
    const [job] = await client().createQueryJob({ query: `SELECT COUNT(*) FROM ${jobs}` });

    await job.cancel();

    const [metadata] = await job.getMetadata();
    expect(metadata.status).toMatchObject({ state: 'DONE', errorResult: { reason: 'stopped' } });
  });

  it('lists datasets, tables and jobs', async () => {
    double.inventory.addDataset({ name: 'sales', billingModel: 'PHYSICAL' });
    double.inventory.addTable({
      dataset: 'sales',
      name: 'orders',
      activeLogicalBytes: 7,
      partitionedBy: 'day',
      clusteredBy: ['shop'],
    });
    double.inventory.addJob({ creation_time: '2026-11-19T08:00:00Z' });

    const [datasets] = await client().getDatasets();
    const [tables] = await client().dataset('sales').getTables();
    const [table] = await client().dataset('sales').table('orders').getMetadata();
    const [listed] = await client().getJobs({ allUsers: true });

    expect(datasets.map(({ id }) => id)).toEqual(['sales']);
    expect(tables.map(({ id }) => id)).toEqual(['orders']);
    expect(table).toMatchObject({
      numBytes: '7',
      timePartitioning: { field: 'day' },
      clustering: { fields: ['shop'] },
    });
    expect(listed).toHaveLength(1);
  });
});

describe('faults of the BigQuery double', () => {
  it.each([
    ['rateLimitExceeded', 403],
    ['quotaExceeded', 403],
    ['tooManyRequests', 429],
    ['accessDenied', 403],
    ['unauthenticated', 401],
    ['backendError', 500],
    ['unavailable', 503],
  ] as const)('answers %s once with %i', async (kind, code) => {
    double.faults.add({ kind, times: 1 });

    await expect(client().query('SELECT 1')).rejects.toMatchObject({ code });

    const [rows] = await client().query('SELECT 1 AS x');
    expect(rows).toEqual([{ x: 1 }]);
  });

  it('drops connections', async () => {
    double.faults.add({ kind: 'reset' });

    await expect(client().query('SELECT 1')).rejects.toThrow();
  });

  it('takes a request and never answers it', async () => {
    double.faults.add({ kind: 'hang' });
    const query = client().query('SELECT 1');
    query.catch(() => undefined);

    await expect.poll(() => double.requests.length).toBe(1);
    await double.close();

    await expect(query).rejects.toThrow();
    expect(double.requests[0]?.status).toBe(0);
  });

  it('says how long to wait when it throttles', async () => {
    double.faults.add({ kind: 'tooManyRequests', retryAfterSeconds: 7, times: 1 });

    const response = await fetch(`${double.url}/bigquery/v2/projects/${double.project}/datasets`);

    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
  });

  it('serves paths without /bigquery/v2 as well', async () => {
    const headers = { authorization: `Bearer ${double.tokens.issue('reeve@double.test')}` };

    const response = await fetch(`${double.url}/projects/${double.project}/datasets`, { headers });

    expect(response.status).toBe(200);
    expect(response.headers.get('x-double')).toBe('bigquery');
  });

  it('answers what is not JSON', async () => {
    double.faults.add({ kind: 'garbage', on: 'datasets.list' });

    await expect(client().getDatasets()).rejects.toThrow();
  });

  it('ends a job that runs longer than its limit', async () => {
    let nowMs = Date.parse('2026-11-20T12:00:00Z');
    await double.close();
    double = await startBigQueryDouble({ nowMs: () => nowMs });
    double.steering.pendingPolls = Number.POSITIVE_INFINITY;
    const [job] = await client().createQueryJob({ query: 'SELECT 1', jobTimeoutMs: 5_000 });

    nowMs += 5_000;

    await expect(job.getQueryResults()).rejects.toMatchObject({ code: 400, errors: [{ reason: 'stopped' }] });
  });

  it('concerns one region or one query when told so', async () => {
    double.faults.add({ kind: 'backendError', region: 'eu' });
    double.faults.add({ kind: 'rateLimitExceeded', query: 'RECOMMENDATIONS' });

    await expect(client().query({ query: 'SELECT 1', location: 'EU' })).rejects.toMatchObject({ code: 500 });
    await expect(
      client().query('SELECT 1 FROM `double-project.region-us.INFORMATION_SCHEMA.RECOMMENDATIONS`'),
    ).rejects.toMatchObject({ code: 403 });
    await expect(client().query('SELECT 1 AS x')).resolves.toBeDefined();
  });

  it('denies a permission by its name and gives it back', async () => {
    const giveBack = double.deny('bigquery.jobs.listAll');

    await expect(client().query(`SELECT job_id FROM ${jobs}`)).rejects.toMatchObject({
      code: 403,
      errors: [{ reason: 'accessDenied' }],
    });
    giveBack();

    await expect(client().query(`SELECT job_id FROM ${jobs}`)).resolves.toBeDefined();
  });

  it('lets nobody in without a token, or with an old one', async () => {
    const late = client();
    double.tokens.revokeAll();

    await expect(late.query('SELECT 1')).rejects.toMatchObject({ code: 401 });
  });
});
