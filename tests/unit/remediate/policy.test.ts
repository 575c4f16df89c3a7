import { describe, expect, it } from 'vitest';
import type { MaintenanceWindow } from '../../../src/core/remediation/settings.ts';
import { modeOf, openWindow } from '../../../src/remediate/policy.ts';

const target = { id: 'orders', engine: 'postgres', labels: { environment: 'production' } };

function night(change: Partial<MaintenanceWindow> = {}): MaintenanceWindow {
  return { name: 'night', days: ['sat'], from: '22:00', to: '04:00', timeZone: 'UTC', match: {}, ...change };
}

describe('modeOf', () => {
  const remediation = {
    mode: 'observe',
    pipelines: { index_management: 'approve' },
    actions: { drop_unused_index: 'propose' },
  } as const;

  it('prefers the action to the pipeline and the pipeline to the target', () => {
    expect(modeOf(remediation, 'index_management', 'drop_unused_index')).toBe('propose');
    expect(modeOf(remediation, 'index_management', 'drop_duplicate_index')).toBe('approve');
    expect(modeOf(remediation, 'index_management', undefined)).toBe('approve');
    expect(modeOf(remediation, 'query_optimisation', 'create_index')).toBe('observe');
    expect(modeOf(remediation, 'query_optimisation', 'constructor')).toBe('observe');
  });
});

describe('openWindow', () => {
  it('is always open without any window', () => {
    expect(openWindow([], target, 0).open).toBe(true);
  });

  it.each([
    ['before it begins', '2026-11-28T21:59:30Z', false],
    ['when it begins', '2026-11-28T22:00:00Z', true],
    ['after midnight, on the next day', '2026-11-29T03:59:00Z', true],
    ['when it ends', '2026-11-29T04:00:00Z', false],
    ['on the evening of the next day', '2026-11-29T22:30:00Z', false],
  ])('knows a window over midnight %s', (_, at, open) => {
    expect(openWindow([night()], target, Date.parse(at)).open).toBe(open);
  });

  it('knows a window within a day', () => {
    const lunch = night({ days: ['mon'], from: '12:00', to: '13:00' });

    expect(openWindow([lunch], target, Date.parse('2026-11-23T12:30:00Z'))).toMatchObject({
      open: true,
      window: 'night',
    });
    expect(openWindow([lunch], target, Date.parse('2026-11-23T13:00:00Z')).open).toBe(false);
  });

  it('lasts a whole day when it ends when it begins', () => {
    const all = night({ days: ['mon'], from: '06:00', to: '06:00' });

    expect(openWindow([all], target, Date.parse('2026-11-24T05:59:00Z')).open).toBe(true);
    expect(openWindow([all], target, Date.parse('2026-11-24T06:00:00Z')).open).toBe(false);
  });

  it('says when the next one opens, by the clock on the wall', () => {
    const windows = [night({ timeZone: 'Europe/Berlin' })];

    // Summer time ends on 25 October 2026 at 03:00: 22:00 in Berlin is 20:00 UTC before and 21:00 UTC after.
    expect(openWindow(windows, target, Date.parse('2026-10-24T12:00:00Z')).nextAt).toBe(
      Date.parse('2026-10-24T20:00:00Z'),
    );
    expect(openWindow(windows, target, Date.parse('2026-10-26T12:00:00Z')).nextAt).toBe(
      Date.parse('2026-10-31T21:00:00Z'),
    );
  });

  it('is never open for a target that no window matches', () => {
    const windows = [night({ match: { environment: 'staging' } })];

    expect(openWindow(windows, target, Date.parse('2026-11-28T23:00:00Z'))).toEqual({
      open: false,
      window: undefined,
      nextAt: undefined,
    });
  });

  it('matches target and engine like labels', () => {
    const windows = [night({ match: { target: 'orders', engine: 'postgres', environment: 'production' } })];

    expect(openWindow(windows, target, Date.parse('2026-11-28T23:00:00Z')).open).toBe(true);
  });
});
