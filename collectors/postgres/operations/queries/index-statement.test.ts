import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  oneof,
  property,
  record,
  string,
} from 'fast-check';
import { parse } from 'libpg-query';
import { describe, expect, it } from 'vitest';
import { judgeAct } from '../sql-judge.ts';
import { createStatement, dropStatement, indexName } from './index-statement.ts';

const hostile = oneof(
  constantFrom(
    'a"; DROP TABLE x; --',
    'select',
    'ü b',
    "o'brien",
    'line\nbreak',
    '/* */',
    '$1',
    'x\\',
    '𝒳'.repeat(15),
    'A',
    ' ',
  ),
  string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter(
    (name) => !name.includes('\0') && name.isWellFormed() && Buffer.byteLength(name) <= 63,
  ),
);
const key = record({
  column: hostile,
  descending: boolean(),
  nulls: constantFrom('first' as const, 'last' as const, undefined),
});
const place = record({
  schema: hostile,
  table: hostile,
  columns: array(key, { minLength: 1, maxLength: 4 }),
}).map((each) => ({ ...each, index: indexName(each.table, each.columns) }));

describe('createStatement', () => {
  it('says exactly what was meant, whatever the names are', async () => {
    await assert(
      asyncProperty(place, async (meant) => {
        const statement = createStatement(meant);

        expect(await judgeAct(statement)).toEqual([]);
        const { stmts = [] } = await parse(statement);
        expect(stmts).toMatchObject([
          {
            stmt: {
              IndexStmt: {
                idxname: meant.index,
                concurrent: true,
                relation: { schemaname: meant.schema, relname: meant.table },
                indexParams: meant.columns.map(({ column, descending }) => ({
                  IndexElem: { name: column, ordering: descending ? 'SORTBY_DESC' : 'SORTBY_DEFAULT' },
                })),
              },
            },
          },
        ]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('dropStatement', () => {
  it('names that index and nothing else', async () => {
    await assert(
      asyncProperty(place, async (meant) => {
        const statement = dropStatement(meant);

        expect(await judgeAct(statement)).toEqual([]);
        const { stmts = [] } = await parse(statement);
        const names = [meant.schema, meant.index].map((sval) => ({ String: { sval } }));
        expect(stmts).toMatchObject([
          {
            stmt: {
              DropStmt: {
                removeType: 'OBJECT_INDEX',
                concurrent: true,
                objects: [{ List: { items: names } }],
              },
            },
          },
        ]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('indexName', () => {
  it('fits the server, is the same for the same index, and another for another', () => {
    assert(
      property(place, ({ table, columns, index }) => {
        expect(Buffer.byteLength(index)).toBeLessThanOrEqual(63);
        expect(indexName(table, columns)).toBe(index);
        expect(indexName(`${table}x`, columns)).not.toBe(index);
        expect(index.isWellFormed()).toBe(true);
      }),
    );
  });
});
