import { describe, expect, it } from 'vitest';
import type { IndexUse, MemberIndexUsage, RememberedLinks } from '../../../src/core/index-usage.ts';
import { type ProofRequest, watchCluster } from '../../../src/core/unused-proof.ts';

const minute = 60_000;
const hour = 3_600_000;
const day = 86_400_000;
const now = 1_000 * day;

function watched(sinceDaysAgo: number, part: Partial<IndexUse> = {}): IndexUse {
  return { key: 'i', scans: 0, epoch: 'e', scansSeen: 0, watchedSince: now - sinceDaysAgo * day, ...part };
}

function member(
  name: string,
  { use = watched(200), ...part }: Partial<MemberIndexUsage> & { readonly use?: IndexUse } = {},
): MemberIndexUsage {
  return { member: name, generation: '1', at: now, indexes: new Map([['i', use]]), ...part };
}

/** Names borne and seen now, and (with a time) those of the past. */
function links(
  names: readonly string[],
  sees: readonly string[],
  past: Partial<Pick<RememberedLinks, 'lastBorne' | 'lastSeen'>> = {},
): RememberedLinks {
  const today = (list: readonly string[]) => Object.fromEntries(list.map((name) => [name, now]));
  return {
    names,
    sees,
    lastBorne: { ...past.lastBorne, ...today(names) },
    lastSeen: { ...past.lastSeen, ...today(sees) },
  };
}

function watch(members: readonly MemberIndexUsage[], part: Partial<ProofRequest> = {}) {
  return watchCluster({
    self: 'primary',
    members,
    membersComplete: true,
    unusedAfterMs: 100 * day,
    now,
    ...part,
  });
}

const primary = member('primary', { links: links([], ['slot:s']) });
const standby = member('standby', { links: links(['slot:s'], []) });

describe('watchCluster', () => {
  it('proves an index of a lone server unused after the window', () => {
    const cluster = watch([member('primary')]);

    expect(cluster).toMatchObject({ blockers: [], missing: [], watchedSince: now - 200 * day });
    expect(cluster.judge('i')).toEqual({
      reasons: [],
      watchedSince: now - 200 * day,
      lastUsedAt: undefined,
    });
  });

  it('proves nothing about a member that was never read', () => {
    const cluster = watch([standby]);

    expect(cluster.blockers).toEqual(['window_too_short', 'member_not_collected']);
    expect(cluster.judge('i').reasons).toEqual(['window_too_short', 'member_not_collected']);
  });

  it('proves nothing until the operator has declared the members complete', () => {
    const cluster = watch([member('primary')], { membersComplete: false });

    expect(cluster.judge('i').reasons).toEqual(['members_not_declared_complete']);
  });

  it('proves nothing before the database has been watched for the window', () => {
    const cluster = watch([member('primary', { use: watched(99) })]);

    expect(cluster.judge('i').reasons).toEqual(['window_too_short']);
  });

  it('takes a database without indexes for watched since it was read', () => {
    expect(watch([member('primary', { indexes: new Map() })]).watchedSince).toBe(now);
  });
});

describe('judge', () => {
  it('keeps an index that was used within the window', () => {
    const used = watch([member('primary', { use: watched(200, { lastUsedAt: now - 99 * day }) })]);
    const longAgo = watch([member('primary', { use: watched(200, { lastUsedAt: now - 101 * day }) })]);

    expect(used.judge('i')).toMatchObject({ reasons: ['used'], lastUsedAt: now - 99 * day });
    expect(longAgo.judge('i').reasons).toEqual([]);
  });

  it('keeps an index that only a standby uses', () => {
    const busy = { ...standby, indexes: new Map([['i', watched(200, { lastUsedAt: now - day })]]) };

    expect(watch([primary, busy]).judge('i').reasons).toEqual(['used_on_member']);
  });

  it('calls an index too young that is younger than the watch of its database', () => {
    const indexes = new Map([
      ['old', watched(200)],
      ['i', watched(10)],
    ]);

    expect(watch([member('primary', { indexes })]).judge('i').reasons).toEqual(['too_young']);
  });

  it('calls an index too young that some member does not know', () => {
    const cluster = watch([primary, { ...standby, indexes: new Map([['other', watched(200)]]) }]);

    expect(cluster.judge('i')).toMatchObject({ reasons: ['too_young'], watchedSince: undefined });
  });
});

describe('the members that count', () => {
  it('are those that the primary sees and that bear the name', () => {
    const cluster = watch([primary, { ...standby, indexes: new Map([['i', watched(150)]]) }]);

    expect(cluster).toMatchObject({ blockers: [], missing: [], watchedSince: now - 150 * day });
  });

  it.each([
    ['is no target', []],
    ['was not read lately', [{ ...standby, at: now - 16 * minute }]],
    ['is on another timeline', [{ ...standby, generation: '2' }]],
  ])('are incomplete while a member that is seen %s', (_why, others) => {
    const cluster = watch([primary, ...others]);

    expect(cluster.missing).toEqual(['slot:s']);
    expect(cluster.judge('i').reasons).toContain('member_not_collected');
  });

  it('may be read as seldom as was promised', () => {
    const seldom = { ...standby, at: now - 11 * hour };

    expect(watch([primary, seldom], { freshWithinMs: 12 * hour }).missing).toEqual([]);
    expect(watch([primary, seldom], { freshWithinMs: 10 * hour }).missing).toEqual(['slot:s']);
  });

  it('may be read a quarter of an hour apart, whatever was promised', () => {
    const late = { ...standby, at: now - 14 * minute };

    expect(watch([primary, late], { freshWithinMs: minute }).missing).toEqual([]);
  });

  it('are incomplete when one was not read for more than a quarter of the window, whatever was promised', () => {
    const promise = { freshWithinMs: 40 * day };

    expect(watch([primary, { ...standby, at: now - 24 * day }], promise).missing).toEqual([]);
    expect(watch([primary, { ...standby, at: now - 26 * day }], promise).missing).toEqual(['slot:s']);
  });

  it('include a standby that is gone and was read as seldom as was promised until it went', () => {
    const wentAt = now - 10 * day;
    const lone = member('primary', { links: links([], [], { lastSeen: { 'slot:s': wentAt } }) });
    const readAt = wentAt - 5 * hour;
    const gone = member('gone', { at: readAt, links: links([], [], { lastBorne: { 'slot:s': readAt } }) });

    expect(watch([lone, gone], { freshWithinMs: 6 * hour }).missing).toEqual([]);
    expect(watch([lone, gone], { freshWithinMs: 4 * hour }).missing).toEqual(['slot:s']);
  });

  it('are as many as bear one name', () => {
    const twice = member('primary', { links: links([], ['name:s', 'name:s']) });
    const first = member('a', { links: links(['name:s'], []) });
    const second = member('b', { links: links(['name:s'], []) });

    expect(watch([twice, first]).missing).toEqual(['name:s']);
    expect(watch([twice, first, second]).missing).toEqual([]);
  });

  it('do not include a clone that nobody knows', () => {
    const clone = member('clone', { use: watched(1, { lastUsedAt: now }), links: links([], []) });

    expect(watch([member('primary', { links: links([], []) }), clone]).judge('i').reasons).toEqual([]);
  });

  it('include the standbys of standbys', () => {
    const cascading = { ...standby, links: links(['slot:s'], ['slot:t']) };
    const last = member('last', { links: links(['slot:t'], []), use: watched(200, { lastUsedAt: now }) });

    expect(watch([primary, cascading]).missing).toEqual(['slot:t']);
    expect(watch([primary, cascading, last]).judge('i').reasons).toEqual(['used_on_member']);
  });

  it('include a standby that is gone and was watched until it went', () => {
    const wentAt = now - 10 * day;
    const lone = member('primary', { links: links([], [], { lastSeen: { 'slot:s': wentAt } }) });
    const gone = member('gone', {
      at: wentAt,
      links: links([], [], { lastBorne: { 'slot:s': wentAt - minute } }),
      use: watched(200, { lastUsedAt: wentAt }),
    });

    expect(watch([lone, gone])).toMatchObject({ missing: [] });
    expect(watch([lone, gone]).judge('i').reasons).toEqual(['used_on_member']);
  });

  it('are incomplete when a standby that is gone was not watched until it went', () => {
    const wentAt = now - 10 * day;
    const lone = member('primary', { links: links([], [], { lastSeen: { 'slot:s': wentAt } }) });
    const gone = member('gone', {
      at: wentAt - day,
      links: links([], [], { lastBorne: { 'slot:s': wentAt - day } }),
    });

    expect(watch([lone, gone]).missing).toEqual(['slot:s']);
  });

  it('forget whom nobody saw within the window', () => {
    const lone = member('primary', { links: links([], [], { lastSeen: { 'slot:s': now - 101 * day } }) });

    expect(watch([lone]).missing).toEqual([]);
  });

  it('include the primary of before a failover', () => {
    const failedAt = now - 20 * day;
    const promoted = member('primary', { links: links([], [], { lastBorne: { 'slot:p': failedAt } }) });
    const former = member('former', {
      at: failedAt,
      generation: '0',
      links: links([], [], { lastSeen: { 'slot:p': failedAt } }),
      use: watched(200, { lastUsedAt: failedAt }),
    });

    expect(watch([promoted]).missing).toEqual(['upstream of slot:p']);
    expect(watch([promoted, former])).toMatchObject({ missing: [] });
    expect(watch([promoted, former]).judge('i').reasons).toEqual(['used_on_member']);
  });
});
