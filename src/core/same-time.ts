import { CollectError } from './errors.ts';
import { longestBlindMs } from './index-usage.ts';

/**
 * How long an index is watched is told by our clock, which may be wrong: a machine that starts without the time, and has it set years
 * ahead a minute later, would have watched for years. So one server at least has to agree with it, as closely as a watch may not know of
 * a restart.
 *
 * @param agentMs what our clock says; all times are Unix time in milliseconds.
 * @param serversMs what the clocks of the servers say; nothing is claimed without any.
 * @param servers how the message names them, such as `that of the server`.
 * @throws {CollectError} `malformed` when none of them agrees.
 */
export function assertSameTime(agentMs: number, serversMs: readonly number[], servers: string): void {
  const apart = serversMs.map((serverMs) => agentMs - serverMs);
  const [least] = apart.toSorted((one, other) => Math.abs(one) - Math.abs(other));
  if (least === undefined || Math.abs(least) <= longestBlindMs) return;
  const minutes = Math.round(Math.abs(least) / 60_000);
  throw new CollectError(
    'malformed',
    `the clock of this machine is ${minutes} min ${least > 0 ? 'ahead of' : 'behind'} ${servers}, so that nobody can say for how long indexes were not used; synchronize the clocks (NTP)`,
  );
}
