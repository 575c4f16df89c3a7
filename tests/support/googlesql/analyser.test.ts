import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GoogleSqlAnalyser, startGoogleSqlAnalyser } from './analyser.ts';

const jobs = '`some-project.region-us.INFORMATION_SCHEMA.JOBS`';

let analyser: GoogleSqlAnalyser;

beforeAll(async () => {
  analyser = await startGoogleSqlAnalyser();
});

afterAll(() => analyser.close());

describe('the GoogleSQL analyser', () => {
  it('accepts a right query over the catalogue, with its parameters', async () => {
    const sql = `SELECT user_email, SUM(total_bytes_billed) AS bytes, ANY_VALUE(query_info.query_hashes.normalized_literals) AS pattern
      FROM ${jobs}, UNNEST(labels) AS l WHERE creation_time >= @from AND l.key IN UNNEST(@keys) GROUP BY user_email`;

    expect(await analyser.analyse(sql, { from: 'TIMESTAMP', keys: 'ARRAY<STRING>' })).toEqual({ ok: true });
  });

  it.each([
    [
      'an unknown column',
      `SELECT total_byte_billed FROM ${jobs}`,
      'Unrecognized name: total_byte_billed; Did you mean total_bytes_billed?',
    ],
    ['an unknown field', `SELECT error_result.cause FROM ${jobs}`, 'Field name cause does not exist'],
    [
      'a wrong type',
      `SELECT creation_time + total_slot_ms FROM ${jobs}`,
      'No matching signature for operator +',
    ],
    [
      'a wrong comparison',
      `SELECT 1 FROM ${jobs} WHERE creation_time > 5`,
      'No matching signature for operator >',
    ],
    ['an unknown function', `SELECT COUNT_IF(cache_hit) FROM ${jobs}`, 'Function not found: COUNT_IF'],
    ['an unknown view', 'SELECT 1 FROM `some-project.region-us.INFORMATION_SCHEMA.JOB`', 'Table not found'],
    [
      'what is not grouped',
      `SELECT user_email, query FROM ${jobs} GROUP BY user_email`,
      'neither grouped nor aggregated',
    ],
    [
      'an undeclared parameter',
      `SELECT 1 FROM ${jobs} WHERE creation_time > @from`,
      "Query parameter 'from' not found",
    ],
    ['bad syntax', `SELECT FROM WHERE ${jobs}`, 'Syntax error'],
  ])('refuses %s and says where', async (_what, sql, message) => {
    const analysis = await analyser.analyse(sql);

    expect(analysis).toEqual({ ok: false, message: expect.stringContaining(message) });
    expect(analysis).toEqual({ ok: false, message: expect.stringMatching(/\[at \d+:\d+\]/) });
  });
});
