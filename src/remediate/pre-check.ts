import type { Refusal } from '../core/remediation/operations.ts';
import type { TargetIdentity } from '../core/remediation/plan.ts';
import { withEvidence } from './evidence.ts';
import type { GuardRefusal } from './guards.ts';
import type { Loaded } from './loaded-run.ts';
import type { Parts } from './parts.ts';
import { askGuards } from './situation.ts';

/** Everything that speaks against acting now: the guards, the server's identity, and the world as the engine finds it. */
export async function checkBeforeAct(
  parts: Parts,
  loaded: Loaded,
  signal: AbortSignal,
): Promise<readonly GuardRefusal[]> {
  const guarded = await askGuards(parts, { ...loaded, moment: 'execute' });
  if (guarded.length > 0) return guarded;
  const { run, plan, workplace } = loaded;
  const other = identityFault(plan.identity, await workplace.operations.identify(signal));
  if (other !== undefined) return [{ ...other, waits: false }];
  const found = await withEvidence(parts, run.id, signal, (context) =>
    workplace.action.recheck(plan, context),
  );
  return found.map((refusal) => ({ ...refusal, waits: false }));
}

/** Every field must be what it was: after a failover the plan is for another server. */
function identityFault(planned: TargetIdentity, found: TargetIdentity): Refusal | undefined {
  const names = new Set([...Object.keys(planned), ...Object.keys(found)]);
  const different = [...names].filter((name) => planned[name] !== found[name]);
  if (different.length === 0) return undefined;
  const shown = different.map(
    (name) => `${name} was ${planned[name] ?? 'not known'} and is ${found[name] ?? 'not known'}`,
  );
  return { id: 'same_server', text: `it is not the server the plan was made for: ${shown.join(', ')}` };
}
