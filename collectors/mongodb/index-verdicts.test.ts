import { describe, expect, it } from 'vitest';
import type { IndexProof } from '../../src/sdk.ts';
import { fieldsOf, type IndexSpec, parseIndexSpec } from './index-spec.ts';
import {
  type ClusterIndex,
  candidateAfterMs,
  judgeIndex,
  type KeepRules,
  keepPattern,
  keepReasons,
} from './index-verdicts.ts';

const now = Date.UTC(2026, 5, 1);
const plainRules: KeepRules = { shardKey: undefined, isListed: () => false };
const unused: IndexProof = { reasons: [], watchedSince: now - 100, lastUsedAt: undefined };

function spec(key: object, options: object = {}, name = 'some'): IndexSpec {
  return parseIndexSpec(name, { v: 2, key, name, ...options }, false);
}

function reasonsFor(index: IndexSpec, rules: Partial<KeepRules> = {}, others: readonly IndexSpec[] = []) {
  return keepReasons('orders', index, [index, ...others], { ...plainRules, ...rules });
}

function clusterIndex(about: Partial<ClusterIndex> = {}): ClusterIndex {
  return {
    collection: 'orders',
    spec: spec({ a: 1 }),
    shards: ['rs0'],
    ops: 0,
    countedSince: now - 2 * candidateAfterMs,
    ...about,
  };
}

describe('keepReasons', () => {
  it.each([
    ['id', spec({ _id: 1 }, {}, '_id_')],
    ['unique', spec({ a: 1 }, { unique: true })],
    ['unique', spec({ a: 1 }, { prepareUnique: true })],
    ['ttl', spec({ at: 1 }, { expireAfterSeconds: 0 })],
    ['partial', spec({ a: 1 }, { partialFilterExpression: { a: { $exists: true } } })],
    ['sparse', spec({ a: 1 }, { sparse: true })],
    ['clustered', spec({ _id: 1 }, { clustered: true, unique: false }, 'cluster')],
    ['hidden', spec({ a: 1 }, { hidden: true })],
    ['building', parseIndexSpec('some', { key: { a: 1 } }, true)],
  ] as const)('keeps what is %s', (reason, index) => {
    expect(reasonsFor(index)).toContain(reason);
  });

  it.each(['text', '2d', '2dsphere'])('keeps the only %s index of a collection', (kind) => {
    expect(reasonsFor(spec({ a: kind }))).toEqual(['only_of_its_kind']);
  });

  it('keeps the only wildcard index, and not one of two', () => {
    const first = spec({ '$**': 1 });
    const second = spec({ 'a.$**': 1 }, {}, 'other');

    expect(reasonsFor(first)).toEqual(['only_of_its_kind']);
    expect(reasonsFor(first, {}, [second])).toEqual([]);
  });

  it('does not count a hidden sibling of the same kind as a substitute', () => {
    const hidden = spec({ b: '2dsphere' }, { hidden: true }, 'other');

    expect(reasonsFor(spec({ a: '2dsphere' }), {}, [hidden])).toEqual(['only_of_its_kind']);
  });

  it.each([
    ['the shard key itself', { region: 1, customer: 1 }],
    ['an index that begins with it', { region: 1, customer: 1, day: 1 }],
    ['its beginning', { region: 1 }],
  ])('keeps %s', (_, key) => {
    const shardKey = fieldsOf({ region: 1, customer: 1 });

    expect(reasonsFor(spec(key), { shardKey })).toEqual(['shard_key']);
  });

  it('does not keep an index for fields of the shard key in another order or of another kind', () => {
    const shardKey = fieldsOf({ customer: 'hashed' });

    expect(reasonsFor(spec({ customer: 1 }), { shardKey })).toEqual([]);
  });

  it('keeps everything while the shard keys are not known', () => {
    expect(reasonsFor(spec({ a: 1 }), { shardKey: 'unknown' })).toEqual(['shard_key_unknown']);
  });

  it('keeps what the operator lists', () => {
    const matches = keepPattern(['shop.orders.rep*', '*.audit.*']);

    expect(['shop.orders.report_1', 'shop.audit.x_1', 'a.b.audit.y'].map(matches)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['shop.orders.customer_1', 'shopXorders.report_1'].map(matches)).toEqual([false, false]);
    expect(reasonsFor(spec({ a: 1 }), { isListed: () => true })).toEqual(['listed']);
  });
});

describe('judgeIndex', () => {
  it('calls unused what every shard has proven unused', () => {
    const judged = judgeIndex(clusterIndex(), [], [unused, { ...unused, watchedSince: now - 50 }], [], now);

    expect(judged).toMatchObject({ verdict: 'unused', reasons: [], watchedSince: now - 50 });
  });

  it('calls used what one shard uses', () => {
    const used: IndexProof = { reasons: ['used_on_member'], watchedSince: now - 9, lastUsedAt: now - 5 };

    const judged = judgeIndex(clusterIndex({ ops: 3 }), [], [unused, used], [], now);

    expect(judged).toMatchObject({ verdict: 'used', lastUsedAt: now - 5 });
  });

  it.each(['too_young', 'window_too_short', 'member_not_collected'] as const)(
    'leaves unproven what is %s on one shard',
    (reason) => {
      const judged = judgeIndex(clusterIndex(), [], [unused, { ...unused, reasons: [reason] }], [], now);

      expect(judged).toMatchObject({ verdict: 'unproven', reasons: [reason] });
    },
  );

  it('keeps what has a reason, however unused', () => {
    expect(judgeIndex(clusterIndex(), ['unique'], [unused], [], now).verdict).toBe('kept');
  });

  it('leaves unproven what could not be read somewhere, and what no shard judged', () => {
    expect(judgeIndex(clusterIndex(), [], [unused], ['collection_not_read'], now).verdict).toBe('unproven');
    expect(judgeIndex(clusterIndex(), [], [], [], now).verdict).toBe('unproven');
  });

  it('names as candidate what nobody used since counting began a week ago, while it is not proven', () => {
    const young: IndexProof = { ...unused, reasons: ['window_too_short'] };
    const judge = (about: Partial<ClusterIndex>, proof = young) =>
      judgeIndex(clusterIndex(about), [], [proof], [], now).isCandidate;

    expect(judge({})).toBe(true);
    expect(judge({ ops: 1 })).toBe(false);
    expect(judge({ countedSince: now - candidateAfterMs + 1 })).toBe(false);
    expect(judge({}, unused)).toBe(false);
  });
});
