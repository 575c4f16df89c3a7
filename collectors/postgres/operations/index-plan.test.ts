import { describe, expect, it } from 'vitest';
import { operationsInput } from '../../../tests/support/postgres/operations-input.ts';
import type { IndexFacts } from './index-facts.ts';
import { factsAsJson, factsOf } from './index-facts.ts';
import { draftIndexPlan, type PlanMaterial } from './index-plan.ts';

const day = 86_400_000;

const facts: IndexFacts = {
  database: 'orders',
  databaseOid: '16384',
  serverStartedAt: 1,
  oid: '16400',
  schema: 'public',
  name: 'notes_idx',
  table: 'notes',
  tableOid: '16390',
  tableRows: 1_000,
  bytes: 64 * 1_048_576,
  state: 'valid',
  definition: 'CREATE INDEX notes_idx ON public.notes USING btree (created)',
  comment: null,
  tablespace: null,
  scans: 3,
  twin: null,
  watchedSince: 5,
  members: [{ member: 'orders', scans: 3, at: 7 }],
};

function material(change: Partial<PlanMaterial> = {}, unusedAfterMs = 100 * day): PlanMaterial {
  const input = operationsInput({ url: 'postgresql://reader@db/orders', lockTimeoutMs: 2_000 });
  return {
    input: { ...input, target: { ...input.target, unusedAfterMs } },
    action: 'drop_unused_index',
    facts,
    identity: { systemIdentifier: '1', timeline: '1', role: 'primary', majorVersion: '18' },
    standbys: 0,
    why: 'no member used it',
    ...change,
  };
}

describe('draftIndexPlan', () => {
  it('holds statement, undo, locks, size, time and what it excludes', async () => {
    const draft = await draftIndexPlan(material());

    expect(draft).toMatchObject({
      subject: 'orders.public.notes_idx',
      title: 'drop unused index orders.public.notes_idx (64 MiB): no member used it',
      acts: [
        {
          id: 'drop',
          statement: 'DROP INDEX CONCURRENTLY "public"."notes_idx"',
          undo: ['CREATE INDEX CONCURRENTLY notes_idx ON public.notes USING btree (created)'],
          undoKind: 'rebuild',
        },
      ],
      blastRadius: { bytes: 64 * 1_048_576, objects: ['orders.public.notes_idx', 'orders.public.notes'] },
      exclusive: ['orders.public.notes'],
      expectation: { kind: 'gone' },
    });
    expect(draft.acts[0]?.locks).toContain('SHARE UPDATE EXCLUSIVE');
    expect(draft.cost).toContain('gives up after 60 s');
    expect(draft.preconditions.map(({ id }) => id)).toContain('still_unused');
    expect(factsOf(draft)).toEqual(facts);
  });

  it('warns of a window under 100 days, of standbys, and that a drop invalidates before it waits', async () => {
    const long = await draftIndexPlan(material());
    const short = await draftIndexPlan(material({ standbys: 2 }, 10 * day));

    expect(long.warnings.join()).not.toContain('days only');
    expect(long.warnings.join()).toContain('before it waits');
    expect(short.warnings.join()).toContain('watched for 10 days only');
    expect(short.warnings.join()).toContain('2 connected receivers');
    expect(short.acts[0]?.locks).toContain('ACCESS EXCLUSIVE on the index when standbys replay');
  });

  it('takes a rebuild back by dropping it, because queries could not use it before', async () => {
    const draft = await draftIndexPlan(
      material({ action: 'rebuild_invalid_index', facts: { ...facts, state: 'invalid' } }),
    );

    expect(draft.acts).toMatchObject([
      {
        id: 'rebuild',
        statement: 'REINDEX INDEX CONCURRENTLY "public"."notes_idx"',
        undo: ['DROP INDEX CONCURRENTLY "public"."notes_idx"'],
        undoKind: 'immediate',
      },
    ]);
    expect(draft.expectation.kind).toBe('not_slower');
  });

  it('keeps facts that can be hashed and read back', () => {
    const json = factsAsJson({ ...facts, twin: { oid: '1', name: 'n', definition: 'd' } });

    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });
});
