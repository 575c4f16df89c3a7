/** What metrics have in common by where they come from; spread into the tables. */

const status = {
  docs: 'https://www.mongodb.com/docs/manual/reference/command/serverStatus/',
  since: '5.0',
  cost: 'one serverStatus a member and poll, shared by all groups',
  stability: 'stable',
} as const;

export const memberLabel = 'The member, as host:port.';
const setLabel = 'The replica set.';

/** One gauge a member, from serverStatus. */
export const statusGauge = { ...status, kind: 'gauge', labels: { member: memberLabel } } as const;
/** One counter a member, from serverStatus. */
export const statusCounter = {
  ...status,
  kind: 'counter',
  unit: 'none',
  labels: { member: memberLabel },
} as const;

const replica = {
  docs: 'https://www.mongodb.com/docs/manual/reference/command/replSetGetStatus/',
  since: '5.0',
  cost: 'one replSetGetStatus a member and poll',
  stability: 'stable',
} as const;

/** One gauge a member, from replSetGetStatus. */
export const replicaGauge = { ...replica, kind: 'gauge', labels: { member: memberLabel } } as const;
/** One gauge a replica set, from replSetGetStatus. */
export const setGauge = { ...replica, kind: 'gauge', labels: { replica_set: setLabel } } as const;

const hello = {
  docs: 'https://www.mongodb.com/docs/manual/reference/command/hello/',
  since: '5.0',
  cost: 'one hello a member and poll',
  stability: 'stable',
} as const;

/** One gauge a member, from hello. */
export const helloGauge = { ...hello, kind: 'gauge', labels: { member: memberLabel } } as const;
