import { describe, expect, it } from 'vitest';
import { foldIndexUsage, type MemberIndexUsage, type MemberLinks } from '../../../src/core/index-usage.ts';
import { type ClusterWatch, watchCluster } from '../../../src/core/unused-proof.ts';

const day = 86_400_000;
const minute = 60_000;
const start = 1_000 * day;
const none: MemberLinks = { names: [], sees: [] };

interface Life {
  readonly member: string;
  readonly generation?: string;
  readonly from?: number;
  readonly until?: number;
  readonly links?: MemberLinks;
  /** Days after `start` on which index `i` is used. */
  readonly usedOn?: readonly number[];
}

/** A member read once a day, from day to day, and five minutes before the last. */
function live({
  member,
  generation = '1',
  from = 0,
  until = 100,
  links = none,
  usedOn = [],
}: Life): MemberIndexUsage {
  let usage: MemberIndexUsage | undefined;
  for (let at = from; at <= until; at += 1) {
    const scans = usedOn.filter((used) => used <= at && used > from).length;
    const reading = { cluster: 'c', member, generation, database: 'd', at: start + at * day, links };
    usage = foldIndexUsage(usage, { ...reading, indexes: [{ key: 'i', scans, epoch: '' }] });
  }
  if (usage === undefined) throw new Error('a member without readings');
  return usage;
}

function watch(
  members: readonly MemberIndexUsage[],
  change: { membersComplete?: boolean; day?: number; self?: string } = {},
): ClusterWatch {
  const { membersComplete = true, self = 'primary' } = change;
  return watchCluster({
    self,
    members,
    membersComplete,
    unusedAfterMs: 100 * day,
    now: start + (change.day ?? 100) * day,
  });
}

const sees = (...names: string[]): MemberLinks => ({ names: [], sees: names });
const bears = (...names: string[]): MemberLinks => ({ names, sees: [] });

describe('watchCluster', () => {
  it('proves an index of a lone primary after the whole window, not a minute before', () => {
    const members = [live({ member: 'primary' })];

    expect(watch(members).judge('i').reasons).toEqual([]);
    expect(watch(members, { day: 100 - 1 / 1440 }).judge('i').reasons).toEqual(['window_too_short']);
  });

  it('proves nothing until the operator declares the members complete', () => {
    const { blockers, judge } = watch([live({ member: 'primary' })], { membersComplete: false });

    expect(blockers).toEqual(['members_not_declared_complete']);
    expect(judge('i').reasons).toEqual(['members_not_declared_complete']);
  });

  it('proves nothing when this member was never read', () => {
    expect(watch([]).judge('i').reasons).toEqual(['window_too_short', 'member_not_collected']);
  });

  it('tells an index that is younger than the watch from a watch that is too short', () => {
    const primary = live({ member: 'primary' });
    const young = { key: 'young', scans: 0, epoch: '', watchedSince: start + 50 * day, scansSeen: 0 };
    const members = [{ ...primary, indexes: new Map([...primary.indexes, ['young', young]]) }];

    expect(watch(members).judge('young').reasons).toEqual(['too_young']);
    expect(watch(members).judge('unknown').reasons).toEqual(['too_young']);
  });

  it('counts a use on a standby', () => {
    const members = [
      live({ member: 'primary', links: sees('slot:a') }),
      live({ member: 'standby', links: bears('slot:a'), usedOn: [40] }),
    ];

    expect(watch(members).judge('i')).toMatchObject({
      reasons: ['used_on_member'],
      lastUsedAt: start + 40 * day,
    });
  });

  it('misses a standby that is no target, was not read lately, or follows another timeline', () => {
    const primary = live({ member: 'primary', links: sees('slot:a') });

    const verdicts = [
      watch([primary]),
      watch([primary, live({ member: 'standby', links: bears('slot:a'), until: 99 })]),
      watch([primary, live({ member: 'standby', links: bears('slot:a'), generation: '2' })]),
      watch([primary, live({ member: 'standby', links: bears('slot:b') })]),
    ].map(({ blockers, missing }) => ({ blockers, missing }));

    expect(verdicts).toEqual(Array(4).fill({ blockers: ['member_not_collected'], missing: ['slot:a'] }));
  });

  it('wants as many members as it sees under one name', () => {
    const primary = live({ member: 'primary', links: sees('application:x', 'application:x') });
    const one = live({ member: 'one', links: bears('application:x') });
    const two = live({ member: 'two', links: bears('application:x') });

    expect(watch([primary, one]).blockers).toEqual(['member_not_collected']);
    expect(watch([primary, one, two]).blockers).toEqual([]);
  });

  it('ignores a clone that nobody sees', () => {
    const members = [live({ member: 'primary' }), live({ member: 'clone', usedOn: [99] })];

    expect(watch(members).judge('i').reasons).toEqual([]);
  });

  it('follows a chain of standbys', () => {
    const primary = live({ member: 'primary', links: sees('slot:a') });
    const first = live({ member: 'first', links: { names: ['slot:a'], sees: ['slot:b'] } });
    const second = live({ member: 'second', links: bears('slot:b'), usedOn: [70] });

    expect(watch([primary, first]).blockers).toEqual(['member_not_collected']);
    expect(watch([primary, first, second]).judge('i').reasons).toEqual(['used_on_member']);
  });

  it('remembers the use of a standby that is gone, for as long as the window', () => {
    const before = live({ member: 'primary', links: sees('slot:a'), until: 50 });
    const primary = foldIndexUsage(before, {
      cluster: 'c',
      member: 'primary',
      generation: '1',
      database: 'd',
      at: start + 100 * day,
      links: none,
      indexes: [{ key: 'i', scans: 0, epoch: '' }],
    });
    const gone = live({ member: 'standby', links: bears('slot:a'), until: 50, usedOn: [45] });

    expect(watch([primary, gone]).judge('i').reasons).toEqual(['used_on_member']);
    expect(watch([primary]).blockers).toEqual(['member_not_collected']);
  });

  it('counts what the old primary did before a failover', () => {
    const old = live({ member: 'old', links: sees('slot:a'), until: 90, usedOn: [89] });
    const standby = live({ member: 'primary', links: bears('slot:a'), until: 90 });
    const promoted = foldIndexUsage(standby, {
      cluster: 'c',
      member: 'primary',
      generation: '2',
      database: 'd',
      at: start + 100 * day,
      links: none,
      indexes: [{ key: 'i', scans: 0, epoch: '' }],
    });

    expect(watch([promoted, old]).judge('i').reasons).toEqual(['used_on_member']);
    expect(watch([promoted]).missing).toEqual(['upstream of slot:a']);
  });
});

describe('foldIndexUsage with gaps', () => {
  const fold = (before: MemberIndexUsage | undefined, at: number, epoch: string): MemberIndexUsage =>
    foldIndexUsage(before, {
      cluster: 'c',
      member: 'm',
      generation: '1',
      database: 'd',
      at,
      indexes: [{ key: 'i', scans: 0, epoch }],
    });

  it('bears three restarts of the counter and begins again at the oldest with a fourth', () => {
    let usage = fold(undefined, 0, '0');
    const since: (number | undefined)[] = [];
    for (let nth = 1; nth <= 5; nth += 1) {
      usage = fold(usage, nth * day - 5 * minute, String(nth - 1));
      usage = fold(usage, nth * day, String(nth));
      since.push(usage.indexes.get('i')?.watchedSince);
    }

    expect(since).toEqual([0, 0, 0, day, 2 * day]);
  });
});
