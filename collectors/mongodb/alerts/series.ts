import type { TestSeries } from '../../../src/sdk.ts';

/** One series of the target in the tests of rules, in promtool's notation at one-minute steps. */
export function series(key: string, values: string, labels = ''): TestSeries {
  return { series: `$${key}{target="carts",engine="mongodb"${labels === '' ? '' : `,${labels}`}}`, values };
}

/** Labels of two members. */
export const member = 'member="db1:27017"';
export const second = 'member="db2:27017"';

/** One statement on the member that the alert names. */
export function onMember(statement: string): string {
  return `mongosh "mongodb://{{ $labels.member }}/?directConnection=true" --eval '${statement}'`;
}

/** The same in a runbook. */
export function onThatMember(statement: string): string {
  return `\`mongosh "mongodb://<member>/?directConnection=true" --eval '${statement}'\``;
}

/** One statement on the set or cluster as a whole. */
export function onDeployment(statement: string): string {
  return `mongosh "<connection string of the deployment>" --eval '${statement}'`;
}

export const shortStatus =
  'rs.status().members.forEach(m => print(m.name, m.stateStr, m.health, m.optimeDate, m.lastHeartbeatMessage ?? ""))';
export const runningLongest =
  'db.currentOp({ active: true, secs_running: { $gte: 5 } }).inprog.forEach(o => print(o.opid, o.secs_running, o.ns, o.op, o.waitingForLock, o.appName))';

const manual = 'https://www.mongodb.com/docs/manual/';
/** Pages of the manual. */
export function pages(...paths: readonly string[]): readonly string[] {
  return paths.map((path) => `${manual}${path}/`);
}
