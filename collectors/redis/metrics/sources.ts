/** What metrics have in common by where they come from; spread into the tables. */

const info = {
  docs: 'https://redis.io/docs/latest/commands/info/',
  since: '6.0',
  cost: 'one INFO a collection, shared by all groups',
  stability: 'stable',
} as const;

const node = 'The server, as host:port.';

/** One gauge a server, from INFO. */
export const infoGauge = { ...info, kind: 'gauge', labels: { node } } as const;
/** One counter a server, from INFO. */
export const infoCounter = { ...info, kind: 'counter', unit: 'none', labels: { node } } as const;

export const nodeLabel = node;
