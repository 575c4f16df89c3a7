import { assertSameTime } from '../../src/sdk.ts';
import { type Deployment, dataMembers } from './deployment.ts';

/** @throws {CollectError} when our clock agrees with that of no member that answers. */
export function assertClock(deployment: Deployment, nowMs: number): void {
  const membersMs = dataMembers(deployment).flatMap(({ hello }) => hello?.localMs ?? []);
  assertSameTime(nowMs, membersMs, 'those of all members');
}
