import { describe, expect, it, vi } from 'vitest';
import { openCollector, samplesOf, valueOf } from '../../tests/support/postgres/collect.ts';
import { startPostgres } from '../../tests/support/postgres/server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('a list of foreign keys beyond maxRows', () => {
  it('proves no index unused, because the one left out may be what it is for', async () => {
    await using server = await startPostgres({ major: 18 });
    await server.query(
      `CREATE TABLE parent (id int PRIMARY KEY);
       CREATE TABLE first (${[1, 2, 3, 4].map((at) => `c${at} int REFERENCES parent`).join(', ')});
       CREATE TABLE last (parent int REFERENCES parent);
       CREATE INDEX last_parent ON last (parent)`,
    );
    const openWith = (maxRows: number) =>
      openCollector(server.superuserUrl, { maxRows }, undefined, { target: { unusedAfterMs: 1_000 } });
    await using cut = openWith(4);
    await using whole = openWith(5);
    const start = Date.now();
    await cut.read('indexes', start);
    await whole.read('indexes', start);

    const capped = await cut.read('indexes', start + 2_000);
    const complete = await whole.read('indexes', start + 2_000);

    const verdict = (reading: typeof capped) =>
      reading.details['indexes']?.find(({ index }) => index === 'last_parent');
    expect(verdict(complete)).toMatchObject({ verdict: 'kept', reasons: ['only_index_for_foreign_key'] });
    expect(valueOf(complete, 'reeve_postgres_unused_indexes')).toBe(0);
    expect(verdict(capped)).toMatchObject({ verdict: 'unproven', reasons: ['list_truncated'] });
    expect(valueOf(capped, 'reeve_postgres_index_verdicts', 'postgres', 'unused')).toBe(0);
    expect(samplesOf(capped, 'reeve_postgres_unused_indexes')).toEqual([]);
    expect(samplesOf(capped, 'reeve_postgres_unused_index_bytes')).toEqual([]);
    expect(capped.truncatedRows).toBe(1);
  });
});
