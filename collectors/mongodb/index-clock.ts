import { CollectError } from '../../src/sdk.ts';
import { type Deployment, dataMembers } from './deployment.ts';

/** As much as a watch may not know of a restart. */
const mostApartMs = 15 * 60_000;

/**
 * How long an index is watched is told by our clock, which may be wrong: a machine that starts without the time, and has it set years
 * ahead a minute later, would have watched for years. So one member at least has to agree with it.
 *
 * @throws {CollectError} when none of those that answer does.
 */
export function assertClock(deployment: Deployment, nowMs: number): void {
  const apart = dataMembers(deployment).flatMap(({ hello }) =>
    hello?.localMs === undefined ? [] : [nowMs - hello.localMs],
  );
  const [least] = apart.toSorted((one, other) => Math.abs(one) - Math.abs(other));
  if (least === undefined || Math.abs(least) <= mostApartMs) return;
  const minutes = Math.round(Math.abs(least) / 60_000);
  throw new CollectError(
    'malformed',
    `the clock of this machine is ${minutes} min ${least > 0 ? 'ahead of' : 'behind'} those of all members, so that nobody can say for how long indexes were not used; synchronize the clocks (NTP)`,
  );
}
