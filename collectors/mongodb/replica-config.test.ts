import { describe, expect, it } from 'vitest';
import { parseReplicaConfig } from './replica-config.ts';

const answer = {
  config: {
    _id: 'rs0',
    members: [
      { host: 'A.internal:27017', horizons: { public: 'a.example.net:1' }, priority: 2, votes: 1 },
      {
        host: 'b.internal:27017',
        horizons: { public: 'b.example.net:2' },
        hidden: true,
        secondaryDelaySecs: 60,
      },
      { host: 'c.internal:27017', arbiterOnly: true },
      { host: 'd.internal:27017', slaveDelay: 5 },
    ],
    settings: { heartbeatIntervalMillis: 1_000 },
  },
};

describe('parseReplicaConfig', () => {
  it('lists hidden and delayed members and arbiters, under either name of the delay', () => {
    const { members, heartbeatMs } = parseReplicaConfig(answer, 'a.internal:27017');

    expect(members.map(({ host, facts }) => [host, facts.kind, facts.hidden, facts.delaySeconds])).toEqual([
      ['a.internal:27017', 'data', false, 0],
      ['b.internal:27017', 'data', true, 60],
      ['c.internal:27017', 'arbiter', false, 0],
      ['d.internal:27017', 'data', false, 5],
    ]);
    expect(heartbeatMs).toBe(1_000);
  });

  it('calls members by the names of the horizon that the connection came through', () => {
    const { members } = parseReplicaConfig(answer, 'b.example.net:2');

    expect(members.map(({ host, facts }) => [host, facts.ownName])).toEqual([
      ['a.example.net:1', 'a.internal:27017'],
      ['b.example.net:2', 'b.internal:27017'],
      ['c.internal:27017', 'c.internal:27017'],
      ['d.internal:27017', 'd.internal:27017'],
    ]);
  });
});
