import * as fc from 'fast-check';
import { parse } from 'libpg-query';
import { describe, expect, it, vi } from 'vitest';
import { operationContext } from '../../../tests/support/postgres/operations-input.ts';
import { quoteIdentifier } from '../quote.ts';
import {
  concurrentDefinition,
  dropIndexStatement,
  qualified,
  rebuildStatements,
  reindexStatement,
  sameButName,
} from './index-definition.ts';
import { judgeAct } from './sql-judge.ts';
import { namesOf, nodesOfKind } from './syntax-tree.ts';
import { actOf, indexGround } from './testing/index-ground.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const nasty = [
  '"',
  "'",
  ';',
  '--',
  '/*',
  '*/',
  '$$',
  '\\',
  '\n',
  '\t',
  ' ',
  '.',
  'ä',
  '🐘',
  'DROP TABLE t',
  'select',
  'INDEX',
  'WHERE',
  '(',
  ')',
  '%s',
  '$1',
  'CONCURRENTLY',
  'user',
];

/** A name as the server keeps it: up to 63 bytes, no NUL, never empty. */
const hostileName = fc
  .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ unit: 'grapheme', maxLength: 6 })), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => cut(parts.join('').replaceAll('\0', '')))
  .filter((name) => name !== '' && name.isWellFormed());

function cut(text: string): string {
  let kept = '';
  for (const character of Array.from(text)) {
    if (Buffer.byteLength(kept + character) > 63) break;
    kept += character;
  }
  return kept;
}

async function treeOf(statement: string): Promise<unknown> {
  return (await parse(statement)).stmts ?? [];
}

describe('statements on indexes', () => {
  it('name exactly what they are about, whatever it is called, and pass the judge', async () => {
    const shape = fc.record({
      schema: hostileName,
      name: hostileName,
      table: hostileName,
      column: hostileName,
      comment: fc.string({ unit: 'grapheme', maxLength: 40 }),
      space: fc.option(hostileName),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ schema, name, table, column, comment, space }) => {
        const definition = `CREATE INDEX ${quoteIdentifier(name)} ON ${qualified({ schema, name: table })} USING btree (${quoteIdentifier(column)}) WHERE (${quoteIdentifier(column)} IS NOT NULL)`;
        const saved = { schema, name, definition, comment: comment.replaceAll('\0', ''), tablespace: space };

        const drop = dropIndexStatement(saved);
        const reindex = reindexStatement(saved);
        const [build = '', words = ''] = await rebuildStatements(saved);

        for (const statement of [drop, reindex, build, words]) expect(await judgeAct(statement)).toEqual([]);
        expect(namesOf(await treeOf(drop))).toEqual([schema, name]);
        const [relation] = [...nodesOfKind(await treeOf(reindex), 'relation')];
        expect(relation).toMatchObject({ schemaname: schema, relname: name });
        const [index] = [...nodesOfKind(await treeOf(build), 'IndexStmt')];
        expect(index).toMatchObject({
          idxname: name,
          concurrent: true,
          relation: { schemaname: schema, relname: table },
          ...(space === null ? {} : { tableSpace: space }),
        });
        const [said] = [...nodesOfKind(await treeOf(words), 'CommentStmt')];
        expect(said?.['comment'] ?? '').toBe(saved.comment);
        expect(namesOf(said?.['object'])).toEqual([schema, name]);
      }),
      { numRuns: 300 },
    );
  });

  it('keep everything of a definition', async () => {
    const definition = `CREATE UNIQUE INDEX "INDEX" ON ONLY shop."where" USING gist (at range_ops, lower((a || ' WHERE '::text)) COLLATE "C" DESC NULLS LAST) INCLUDE (b) NULLS NOT DISTINCT WITH (fillfactor='70') WHERE ((a ~~ 'x WHERE (%'::text) AND (b > 3))`;

    expect(await concurrentDefinition(definition, 'fast disk')).toBe(
      definition
        .replace('UNIQUE INDEX ', 'UNIQUE INDEX CONCURRENTLY ')
        .replace(` WHERE ((a`, ` TABLESPACE "fast disk" WHERE ((a`),
    );
    expect(await sameButName(definition, definition.replace('"INDEX"', 'other'))).toBe(true);
    expect(await sameButName(definition, definition.replace("'70'", "'80'"))).toBe(false);
  });

  it('refuse what is not one definition', async () => {
    await expect(concurrentDefinition('CREATE INDEX i ON t (a); DROP TABLE t', null)).rejects.toThrow(
      'not understood',
    );
    await expect(concurrentDefinition('DROP INDEX i', null)).rejects.toThrow('not understood');
  });

  it('drop and rebuild hostile names on a real server', async () => {
    const column = `a"; DROP TABLE shop.orders; --`;
    const names = [`evil"; DROP TABLE shop.orders; --`, `sel ect\n'$$`, 'ä'.repeat(31), 'user', `%s \\ "" '`];
    const create = names.map(
      (name, nth) =>
        `CREATE INDEX ${quoteIdentifier(name)} ON shop."ta.ble ""x" (${quoteIdentifier(column)}, (${nth + 1}::int));`,
    );
    const plain = create.map((statement, nth) =>
      statement.replace(/, \(\d::int\)\)/, nth === 0 ? ')' : `, c${nth})`),
    );
    await using ground = await indexGround({
      major: 18,
      sql: `SET ROLE dba; CREATE TABLE shop."ta.ble ""x" (${quoteIdentifier(column)} int, c1 int, c2 int, c3 int, c4 int); ${plain.join('\n')} RESET ROLE;`,
    });
    const action = ground.action('drop_unused_index');
    const listSql = `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'shop' ORDER BY 1`;
    const before = await ground.server.query(listSql);

    const candidates = await action.find(
      { subject: undefined, only: undefined, limit: 50 },
      operationContext(),
    );
    for (const candidate of candidates) {
      const draft = await action.plan(candidate, operationContext());
      if (!('acts' in draft)) throw new Error(draft.text);
      const plan = { ...(await ground.plan('drop_unused_index')), ...draft };
      const dropped = await action.apply(plan, actOf(plan), operationContext());
      const undone = await action.undo(plan, actOf(plan), operationContext());
      expect([dropped.result, undone.result]).toEqual(['done', 'done']);
    }

    expect(candidates.map(({ facts }) => JSON.stringify(facts['name'])).toSorted()).toEqual(
      [...names, 'orders_total'].map((name) => JSON.stringify(name)).toSorted(),
    );
    expect(await ground.server.query(listSql)).toEqual(before);
  });
});
