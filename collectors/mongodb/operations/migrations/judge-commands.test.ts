import { describe, expect, it } from 'vitest';
import type { MigrationFile } from '../../../../src/sdk.ts';
import { judgeFile } from './judge-commands.ts';
import { judgeFiles } from './plan-migration.ts';

const harmless = '[\n  {"dropIndexes": "orders", "index": "day_1"}\n]';

function fileOf(up: string, down = harmless): MigrationFile {
  return { name: '0001_day', up, down, tool: 'reeve' };
}

function saidOf(up: string, down?: string): readonly string[] {
  return judgeFile(fileOf(up, down), 'shop').map(({ text }) => text);
}

describe('judgeFile', () => {
  it.each([
    '[{"create": "visits", "validator": {"day": {"$type": "date"}}, "validationAction": "error"}]',
    '[{"createIndexes": "orders", "indexes": [{"key": {"day": 1}, "name": "day_1"}]}]',
    '[{"collMod": "orders", "validator": {}, "validationLevel": "moderate"}]',
    '[{"renameCollection": "shop.orders", "to": "shop.sales"}]',
    '[{"update": "orders", "updates": [{"q": {"day": null}, "u": {"$set": {"day": 1}}, "multi": true}]}]',
    '[{"update": "orders", "updates": [{"q": {}, "u": [{"$set": {"new": "$old"}}], "multi": true}], "$reeve": {"updates": "all"}}]',
    '[{"insert": "orders", "documents": [{"_id": {"$oid": "65a000000000000000000001"}}]}]',
    '[{"delete": "orders", "deletes": [{"q": {"day": 1}, "limit": 0}], "$reeve": {"deletes": 3}}]',
    '[{"drop": "orders", "$reeve": {"deletes": "all"}}]',
  ])('has nothing against %s', (up) => {
    expect(saidOf(up)).toEqual([]);
  });

  it.each([
    ['[{"dropDatabase": 1}]', 'deletes a whole database'],
    [
      '[{"aggregate": "orders", "pipeline": [{"$out": "x"}], "cursor": {}}]',
      'may replace or fill a collection',
    ],
    ['[{"mapReduce": "orders"}]', 'runs a program on the server'],
    ['[{"eval": "db.x.drop()"}]', 'runs a program on the server'],
    ['[{"grantRolesToUser": "x"}]', 'is not among the commands of a migration'],
    ['[{"constructor": "x"}]', 'is not among the commands of a migration'],
    ['[{"drop": "orders"}]', 'does not declare it'],
    ['[{"delete": "orders", "deletes": [{"q": {"a": 1}, "limit": 0}]}]', 'does not declare how many'],
    [
      '[{"delete": "orders", "deletes": [{"q": {}, "limit": 0}], "$reeve": {"deletes": 3}}]',
      'has an empty filter and declares a number',
    ],
    ['[{"update": "orders", "updates": [{"q": {}, "u": {"$set": {"a": 1}}}]}]', 'has an empty filter'],
    ['[{"update": "orders", "updates": [{"q": {"a": 1}, "u": {"$inc": {"a": 1}}}]}]', 'would count twice'],
    [
      '[{"update": "orders", "updates": [{"q": {"a": 1}, "u": [{"$set": {"a": {"$add": ["$a", 1]}}}]}]}]',
      'computes a from itself',
    ],
    ['[{"update": "orders", "updates": [{"q": {"a": 1}, "u": {"b": 1}}]}]', 'replaces whole documents'],
    [
      '[{"update": "orders", "updates": [{"q": {"a": 1}, "u": {"$set": {"a": 2}}, "upsert": true}]}]',
      'inserts what it does not find',
    ],
    ['[{"insert": "orders", "documents": [{"a": 1}]}]', 'inserts a document without _id'],
    [
      '[{"createIndexes": "orders", "indexes": [{"key": {"a": 1}, "name": "a_1", "background": false}]}]',
      'in the background (or not)',
    ],
    ['[{"createIndexes": "orders", "indexes": [{"key": {"a": 1}}]}]', 'builds an index without a name'],
    [
      '[{"createIndexes": "orders", "indexes": [{"key": {"a": 1}, "name": "a_1", "expireAfterSeconds": 60}]}]',
      'lets documents expire',
    ],
    ['[{"collMod": "orders", "index": {"name": "a_1", "expireAfterSeconds": 60}}]', 'lets documents expire'],
    ['[{"dropIndexes": "orders", "index": "*"}]', 'drops all indexes'],
    ['[{"renameCollection": "shop.orders", "to": "other.orders"}]', 'moving between databases'],
    ['[{"renameCollection": "shop.orders", "to": "shop.carts", "dropTarget": true}]', 'dropTarget'],
    ['[{"create": "system.users"}]', 'names no collection of yours'],
    ['[{"drop": "reeve_migrations", "$reeve": {"deletes": "all"}}]', 'is kept by Reeve'],
    ['[{"create": "users", "$db": "admin"}]', "the server's own"],
    ['[{"create": "orders", "writeConcern": {"w": 0}}]', 'everything is written to a majority'],
    ['[{"create": "orders", "$reeve": {"delete": 1}}]', 'declares "delete", which is not known'],
    ['{"create": "orders"}', 'is no array of commands'],
    ['[{"create": "orders"},]', 'is no JSON'],
    ['[]', 'holds no command'],
  ])('refuses %s', (up, text) => {
    expect(saidOf(up).join('\n')).toContain(text);
  });

  it('names file and line', () => {
    const up = '[\n  {"create": "visits"},\n\n  {\n    "dropDatabase": 1\n  }\n]';

    expect(saidOf(up)).toEqual([expect.stringMatching(/^0001_day\.up\.json:4: dropDatabase deletes/)]);
  });

  it.each(['', '  \n', '[]'])('refuses a rollback that is missing or empty: %j', (down) => {
    expect(saidOf('[{"create": "visits"}]', down)).toEqual([
      '0001_day.down.json is missing or empty: nothing is applied that cannot be taken back',
    ]);
  });

  it('lets a rollback drop what its file creates, and nothing else', () => {
    expect(saidOf('[{"create": "visits"}]', '[{"drop": "visits"}]')).toEqual([]);
    expect(saidOf('[{"create": "visits"}]', '[{"drop": "orders"}]')).toHaveLength(1);
  });
});

describe('judgeFiles', () => {
  it('refuses two files of one version, and files of two databases', () => {
    const create = '[{"create": "visits"}]';
    const other = '[{"create": "visits", "$db": "other"}]';
    const back = '[{"drop": "visits", "$db": "other"}]';

    const refusals = judgeFiles(
      [
        { name: '1_a', up: create, down: '[{"drop": "visits"}]', tool: 'reeve' },
        { name: '01_b', up: other, down: back, tool: 'reeve' },
      ],
      'shop',
    );

    expect(refusals.map(({ id }) => id)).toEqual(['duplicate_version', 'one_database']);
  });
});
