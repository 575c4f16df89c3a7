import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Estate } from '../bigquery/estate.ts';
import { Inventory } from '../bigquery/inventory.ts';
import { InvalidQueryError } from '../bigquery/sql/sql-error.ts';
import { parseType } from '../bigquery/sql/types.ts';
import { syntheticJobs } from '../bigquery/synthetic-jobs.ts';
import { evaluateBoth } from './agreement.ts';
import { type GoogleSqlAnalyser, startGoogleSqlAnalyser } from './analyser.ts';

const jobs = '`double-project.region-us.INFORMATION_SCHEMA.JOBS`';
const parameters = new Map([
  ['from', { type: parseType('TIMESTAMP'), value: Date.parse('2026-11-03T00:00:00Z') * 1_000 }],
  ['limit', { type: parseType('INT64'), value: 3 }],
  ['keys', { type: parseType('ARRAY<STRING>'), value: ['team', 'none'] }],
]);

let analyser: GoogleSqlAnalyser;
const place = { project: 'double-project', region: 'us' };
const estate = new Estate([place.project], [place.region]);
const week = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-11-08T00:00:00Z') };
new Inventory(estate, place).addJobs(
  syntheticJobs({ ...week, seed: 7, jobsPerDay: 30, reservation: 'double-project:US.main' }),
);

beforeAll(async () => {
  analyser = await startGoogleSqlAnalyser();
});

afterAll(() => analyser.close());

// The reference implementation does not have APPROX_QUANTILES and its kin: nothing vouches for those here.
describe("the double's evaluator and Google's reference implementation", () => {
  it.each([
    ['nothing', `SELECT 1 AS x LIMIT 0`],
    [
      'literals and arithmetic',
      `SELECT 7 / 2, 7 * 2, -3 + 1, 'a' || 'b', 1.5e3, NOT TRUE, DIV(-7, 2), MOD(-7, 3), ABS(-2), ROUND(2.5), ROUND(-2.345, 2), POW(2, 10)`,
    ],
    [
      'NULL in logic',
      `SELECT NULL AND FALSE, NULL OR TRUE, CAST(NULL AS INT64) = 1, NULL IS NULL, 1 IS DISTINCT FROM NULL, CAST(NULL AS INT64) IN (1, 2), 1 IN (2, NULL), 1 NOT IN (2, 3)`,
    ],
    [
      'choices',
      `SELECT IF(1 > 2, 'a', 'b'), IFNULL(NULL, 3), COALESCE(NULL, NULL, 4), NULLIF(2, 2), GREATEST(1, 3, 2), LEAST(1.5, 3), CASE 3 WHEN 1 THEN 'x' WHEN 3 THEN 'y' END, CASE WHEN FALSE THEN 1 ELSE 2 END`,
    ],
    [
      'casts',
      `SELECT CAST('12' AS INT64), CAST(2.5 AS INT64), CAST(-2.5 AS INT64), CAST(3 AS FLOAT64), CAST(TRUE AS STRING), SAFE_CAST('x' AS INT64), CAST('2026-03-08' AS DATE), CAST(7 AS STRING), CAST(DATE '2026-11-02' AS STRING)`,
    ],
    [
      'strings',
      `SELECT UPPER('a'), LENGTH('äb'), SUBSTR('hello', 2, 3), SUBSTR('hello', -3), REPLACE('aXa', 'a', 'b'), STARTS_WITH('abc', 'ab'), CONCAT('a', 'b', 'c'), SPLIT('a.b.c', '.'), 'a_c' LIKE 'a\\\\_c', 'abc' LIKE 'a%', REGEXP_CONTAINS('abc', 'b.'), REGEXP_EXTRACT('k=v', '=(.*)'), STRPOS('hello', 'l')`,
    ],
    [
      'instants',
      `SELECT TIMESTAMP '2026-03-08 09:30:00', TIMESTAMP '2026-03-08 09:30:00.123456+02:00', TIMESTAMP_ADD(TIMESTAMP '2026-01-31 00:00:00', INTERVAL 36 HOUR), TIMESTAMP_DIFF(TIMESTAMP '2026-01-02 01:00:00', TIMESTAMP '2026-01-01 02:30:00', HOUR), TIMESTAMP_DIFF(TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-02 01:00:00', DAY), UNIX_SECONDS(TIMESTAMP '1969-12-31 23:59:58.5'), TIMESTAMP_SECONDS(86400), UNIX_MILLIS(TIMESTAMP '2026-01-01')`,
    ],
    [
      'time zones across the change of clocks',
      `SELECT TIMESTAMP_TRUNC(ts, DAY, 'America/Los_Angeles'), TIMESTAMP_TRUNC(ts, HOUR, 'Asia/Kolkata'), TIMESTAMP_TRUNC(ts, MONTH, 'America/Los_Angeles'), DATE(ts, 'America/Los_Angeles'),
        DATE(ts), EXTRACT(HOUR FROM ts AT TIME ZONE 'America/Los_Angeles'), EXTRACT(DAYOFWEEK FROM ts), EXTRACT(DATE FROM ts AT TIME ZONE 'Europe/Berlin'),
        FORMAT_TIMESTAMP('%Y-%m-%d %H:%M:%S', ts, 'America/Los_Angeles'), TIMESTAMP(DATE(ts), 'America/Los_Angeles'), DATETIME(ts, 'Europe/Berlin')
        FROM UNNEST([TIMESTAMP '2026-03-08 09:59:59', TIMESTAMP '2026-03-08 10:00:00', TIMESTAMP '2026-11-01 08:30:00', TIMESTAMP '2026-11-01 09:30:00', TIMESTAMP '2026-11-01 07:00:00']) AS ts ORDER BY ts`,
    ],
    [
      'dates',
      `SELECT DATE_ADD(DATE '2026-01-31', INTERVAL 1 MONTH), DATE_SUB(DATE '2026-03-31', INTERVAL 1 MONTH), DATE_DIFF(DATE '2026-03-01', DATE '2026-01-31', MONTH), DATE_DIFF(DATE '2026-03-01', DATE '2026-02-01', DAY), DATE_TRUNC(DATE '2026-11-18', MONTH), DATE_TRUNC(DATE '2026-11-18', WEEK), DATE_TRUNC(DATE '2026-11-18', WEEK(MONDAY)), DATE_TRUNC(DATE '2026-11-18', QUARTER), LAST_DAY(DATE '2026-02-10'), DATE(2026, 2, 28), EXTRACT(DAYOFYEAR FROM DATE '2026-03-01'), GENERATE_DATE_ARRAY(DATE '2026-01-01', DATE '2026-01-03'), UNIX_DATE(DATE '2026-01-01')`,
    ],
    [
      'arrays and structs',
      `SELECT [1, 2, 3][OFFSET(1)], [1, 2][SAFE_OFFSET(9)], ARRAY_LENGTH([1, 2]), STRUCT(1 AS a, 'x' AS b), STRUCT(1 AS a, 'x' AS b).b, ARRAY(SELECT x * 2 FROM UNNEST([1, 2]) AS x ORDER BY x DESC), ARRAY_TO_STRING(['a', 'b'], '-'), ARRAY_CONCAT([1], [2]), GENERATE_ARRAY(1, 10, 4), ARRAY_REVERSE([1, 2])`,
    ],
    [
      'JSON',
      `SELECT JSON_VALUE('{"a":{"b":[1,"x"]}}', '$.a.b[1]'), JSON_VALUE('{"a":1}', '$.z'), JSON_VALUE('{"a":{}}', '$.a')`,
    ],
    [
      'a filter and an order',
      `SELECT job_id, total_bytes_billed FROM ${jobs} WHERE creation_time >= @from AND (statement_type IS NULL OR statement_type != 'SCRIPT') ORDER BY total_bytes_billed DESC, job_id LIMIT @limit`,
    ],
    [
      'NULL first and last',
      `SELECT DISTINCT statement_type, job_type FROM ${jobs} ORDER BY statement_type, job_type NULLS LAST`,
    ],
    [
      'groups',
      `SELECT user_email AS user, COUNT(*) AS n, SUM(total_bytes_billed) AS bytes, AVG(total_slot_ms) AS slots, MIN(creation_time) AS first, MAX(end_time) AS last, COUNTIF(cache_hit) AS hits, COUNT(DISTINCT statement_type) AS kinds, LOGICAL_OR(cache_hit) AS any_hit, LOGICAL_AND(cache_hit) AS all_hits FROM ${jobs} GROUP BY user ORDER BY user`,
    ],
    [
      'an alias that hides a column',
      `SELECT IFNULL(statement_type, '-') AS statement_type, SUM(IFNULL(total_bytes_billed, 0)) AS total_bytes_billed FROM ${jobs} GROUP BY statement_type HAVING total_bytes_billed > 0 ORDER BY total_bytes_billed DESC`,
    ],
    [
      'groups by day of a zone',
      `SELECT DATE(creation_time, 'America/Los_Angeles') AS day, SUM(IF(reservation_id IS NULL, total_bytes_billed, 0)) / POW(1024, 4) * 6.25 AS usd FROM ${jobs} WHERE statement_type IS DISTINCT FROM 'SCRIPT' GROUP BY day ORDER BY day`,
    ],
    [
      'fields of structs',
      `SELECT error_result.reason AS reason, COUNT(*) AS n, SUM(total_bytes_billed) AS bytes FROM ${jobs} WHERE error_result IS NOT NULL GROUP BY reason ORDER BY n DESC, reason`,
    ],
    [
      'UNNEST beside the row',
      `SELECT l.key, l.value, COUNT(*) AS n FROM ${jobs}, UNNEST(labels) AS l WHERE l.key IN UNNEST(@keys) GROUP BY 1, 2 ORDER BY 1, 2`,
    ],
    [
      'LEFT JOIN UNNEST',
      `SELECT IFNULL(l.value, '') AS team, COUNT(*) AS n FROM ${jobs} AS j LEFT JOIN UNNEST(j.labels) AS l ON l.key = 'team' GROUP BY team ORDER BY team`,
    ],
    [
      'a correlated subquery',
      `SELECT IFNULL((SELECT ANY_VALUE(l.value) FROM UNNEST(labels) AS l WHERE l.key = 'team'), '') AS team, COUNT(*) AS n FROM ${jobs} GROUP BY team ORDER BY team`,
    ],
    [
      'EXISTS and IN',
      `SELECT COUNT(*) FROM ${jobs} AS p WHERE EXISTS (SELECT 1 FROM ${jobs} AS c WHERE c.parent_job_id = p.job_id) OR job_id IN (SELECT parent_job_id FROM ${jobs} WHERE parent_job_id IS NOT NULL)`,
    ],
    [
      'a join',
      `SELECT p.job_id, p.total_bytes_billed, SUM(c.total_bytes_billed) AS children FROM ${jobs} AS p JOIN ${jobs} AS c ON c.parent_job_id = p.job_id GROUP BY p.job_id, p.total_bytes_billed ORDER BY p.job_id`,
    ],
    [
      'outer joins',
      `SELECT a.x, b.y FROM UNNEST([1, 2, NULL]) AS x0 LEFT JOIN (SELECT 1 AS x) AS a ON a.x = x0 FULL JOIN (SELECT 3 AS y UNION ALL SELECT 1) AS b ON b.y = a.x ORDER BY a.x, b.y`,
    ],
    [
      'WITH and analytic functions',
      `WITH daily AS (SELECT DATE(creation_time) AS day, user_email, SUM(total_bytes_billed) AS bytes FROM ${jobs} GROUP BY day, user_email) SELECT day, user_email, bytes, ROW_NUMBER() OVER (PARTITION BY day ORDER BY bytes DESC) AS place, SUM(bytes) OVER (PARTITION BY day) AS whole, LAG(bytes) OVER (PARTITION BY user_email ORDER BY day) AS before, SUM(bytes) OVER (PARTITION BY user_email ORDER BY day ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS two, RANK() OVER (ORDER BY day) AS r FROM daily QUALIFY place <= 2 ORDER BY day, place`,
    ],
    [
      'an analytic function over groups',
      `SELECT user_email, COUNT(*) AS n, COUNT(*) OVER () AS all_groups, SUM(COUNT(*)) OVER () AS all_rows FROM ${jobs} GROUP BY user_email ORDER BY user_email`,
    ],
    [
      'arrays of structs, ordered and cut',
      `SELECT user_email, ARRAY_AGG(STRUCT(job_id, total_bytes_billed AS bytes) ORDER BY total_bytes_billed DESC, job_id LIMIT 2) AS top, ARRAY_AGG(DISTINCT job_type IGNORE NULLS ORDER BY job_type) AS types, STRING_AGG(DISTINCT priority, '|' ORDER BY priority) AS priorities FROM ${jobs} GROUP BY user_email ORDER BY user_email`,
    ],
    [
      'ANY_VALUE … HAVING MAX',
      `SELECT user_email, ANY_VALUE(job_id HAVING MAX total_bytes_billed) AS job FROM ${jobs} WHERE total_bytes_billed > 10485760 AND statement_type = 'SELECT' GROUP BY user_email ORDER BY user_email`,
    ],
    [
      'set operations',
      `(SELECT user_email FROM ${jobs} WHERE cache_hit UNION DISTINCT SELECT 'x') EXCEPT DISTINCT SELECT 'ana@double.test' ORDER BY 1`,
    ],
    ['statistics', `SELECT STDDEV(total_slot_ms), VAR_POP(total_slot_ms), SUM(total_slot_ms) FROM ${jobs}`],
    [
      'nothing to aggregate',
      `SELECT COUNT(*), SUM(total_bytes_billed), MAX(job_id), ARRAY_AGG(job_id), AVG(total_slot_ms) FROM ${jobs} WHERE FALSE`,
    ],
  ])('agree on %s', async (_what, sql) => {
    const both = await evaluateBoth({ analyser, estate, place, sql, parameters, nowMs: 0 });

    expect(both.double).toEqual(both.reference);
  });

  it.each([
    `SELECT total_byte_billed FROM ${jobs}`,
    `SELECT error_result.cause FROM ${jobs}`,
    `SELECT error_result.reason.text FROM ${jobs}`,
    `SELECT j.query.x FROM ${jobs} AS j`,
    `SELECT nobody.job_id FROM ${jobs} AS j`,
    `SELECT creation_time + total_slot_ms FROM ${jobs}`,
    `SELECT user_email + 1 FROM ${jobs}`,
    `SELECT 1 FROM ${jobs} WHERE creation_time > 5`,
    `SELECT 1 FROM ${jobs} WHERE total_bytes_billed`,
    `SELECT 1 FROM ${jobs} WHERE job_id IN (1, 2)`,
    `SELECT user_email, query FROM ${jobs} GROUP BY user_email`,
    `SELECT user_email FROM ${jobs} WHERE COUNT(*) > 1`,
    `SELECT SUM(user_email) FROM ${jobs}`,
    `SELECT COUNTIF(total_slot_ms) FROM ${jobs}`,
    `SELECT SUM(COUNT(*)) FROM ${jobs}`,
    `SELECT job_id FROM ${jobs} WHERE ROW_NUMBER() OVER (ORDER BY job_id) = 1`,
    `SELECT job_id FROM ${jobs} AS a JOIN ${jobs} AS b ON a.job_id = b.job_id`,
    `SELECT l.name FROM ${jobs}, UNNEST(labels) AS l`,
    `SELECT l FROM ${jobs}, UNNEST(job_id) AS l`,
    `SELECT IF(cache_hit, 1, 'a') FROM ${jobs}`,
    `SELECT CASE WHEN total_slot_ms THEN 1 END FROM ${jobs}`,
    `SELECT CAST(creation_time AS INT64) FROM ${jobs}`,
    `SELECT job_id FROM ${jobs} UNION ALL SELECT 1`,
    `SELECT job_id FROM ${jobs} UNION ALL SELECT 'a', 'b'`,
    `SELECT job_id FROM ${jobs} ORDER BY 2`,
    `SELECT job_id FROM ${jobs} LIMIT 'a'`,
    `SELECT job_id AS hash FROM ${jobs}`,
    `SELECT COUNT_IF(cache_hit) FROM ${jobs}`,
    `SELECT LOWER(1)`,
    `SELECT TIMESTAMP_DIFF(1, 2, SECOND)`,
    `SELECT @unknown`,
    `SELECT (SELECT 1, 2)`,
    `SELECT NULL = 1`,
    `SELECT FROM ${jobs}`,
    `SELECT job_id, FROM`,
    `SELECT 'a`,
  ])('both refuse %s', async (sql) => {
    const analysis = await analyser.analyse(sql, { from: 'TIMESTAMP' });

    expect(analysis.ok).toBe(false);
    // The double's own refusal: the reference implementation would throw another kind of error.
    await expect(evaluateBoth({ analyser, estate, place, sql, parameters, nowMs: 0 })).rejects.toThrow(
      InvalidQueryError,
    );
  });
});
