import { describe, expect, it } from 'vitest';
import { nameOfStandby, nameReplicas } from './replica-name.ts';

const sender = (application: string, slot: string | null = null, address: string | null = null) => ({
  application,
  slot,
  address,
});

describe('nameReplicas', () => {
  it('takes the application name, else the slot, else the address', () => {
    const senders = [
      sender('berlin', 'slot_1', '10.0.0.1'),
      sender('walreceiver', 'slot_2', '10.0.0.2'),
      sender('walreceiver', null, '10.0.0.3'),
      sender(''),
    ];

    expect(nameReplicas(senders)).toEqual(['berlin', 'slot_2', '10.0.0.3', 'walreceiver']);
  });

  it('tells replicas of the same name apart', () => {
    const senders = [sender('a', 's1'), sender('a', null, '10.0.0.2'), sender('a'), sender('a')];

    expect(nameReplicas(senders)).toEqual(['a (s1)', 'a (10.0.0.2)', 'a', 'a #2']);
  });
});

describe('nameOfStandby', () => {
  it.each([
    [{ application: 'berlin', clusterName: 'main', slot: 's' }, 'berlin'],
    [{ application: String.raw`'o\'hara \\ co'`, clusterName: '', slot: 's' }, String.raw`o'hara \ co`],
    [{ application: 'a%20b', clusterName: '', slot: '' }, 'a b'],
    [{ application: '100%', clusterName: '', slot: '' }, '100%'],
    [{ application: null, clusterName: 'main', slot: 's' }, 'main'],
    [{ application: null, clusterName: '', slot: 's' }, 's'],
    [{ application: 'walreceiver', clusterName: '', slot: 's' }, 's'],
    [{ application: null, clusterName: '', slot: '' }, 'walreceiver'],
  ])('says the name its primary sees: %o', (settings, name) => {
    expect(nameOfStandby(settings)).toBe(name);
  });
});
