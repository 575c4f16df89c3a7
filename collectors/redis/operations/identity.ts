import type { TargetIdentity } from '../../../src/sdk.ts';
import type { Info } from '../info.ts';

const fields = { runId: 'run_id', role: 'role', version: 'redis_version' } as const;

/** Who a server is: another run id after each restart, another role after a failover. */
export function identityOf(info: Info): TargetIdentity {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, info.text(field) ?? 'unknown']),
  );
}
