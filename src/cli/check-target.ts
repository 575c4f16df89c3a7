import type { ConfiguredTarget } from '../config/config.ts';
import type { Collector, Engine } from '../core/engine.ts';
import { type CollectErrorCode, toCollectError } from '../core/errors.ts';
import type { ServerIdentity } from '../core/target.ts';
import type { RemediationCheck } from './check-remediation.ts';
import { type CheckedItem, checkedItems } from './checked-items.ts';

/** What `reeve check` found out about one target. */
export interface TargetCheck {
  readonly target: string;
  readonly engine: string;
  /** Whether the server answered and let the agent in. */
  readonly reachable: boolean;
  readonly server: ServerIdentity;
  /** Why it is not reachable, or why the check did not come to its end. */
  readonly error: { readonly code: CollectErrorCode; readonly message: string } | undefined;
  /** Worst first. */
  readonly items: readonly CheckedItem[];
  /** Of a target on which something may be changed. */
  readonly remediation?: RemediationCheck;
}

export interface TargetCheckInput {
  readonly configured: ConfiguredTarget;
  readonly engine: Engine;
  readonly createCollector: () => Promise<Collector>;
  readonly withDeadline: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  readonly redact: (text: string) => string;
}

/** Connects to one target and asks its collector what is missing. Never throws. */
export async function checkTarget(input: TargetCheckInput): Promise<TargetCheck> {
  const { configured, engine, redact } = input;
  const base = { target: configured.target.id, engine: engine.id, items: [] };
  let collector: Collector | undefined;
  let server: ServerIdentity | undefined;
  try {
    const items = await input.withDeadline(async (signal) => {
      collector = await input.createCollector();
      server = await collector.open(signal);
      return collector.check(signal);
    });
    const worstFirst = checkedItems(engine, items, redact);
    return { ...base, reachable: true, server: server ?? {}, error: undefined, items: worstFirst };
  } catch (thrown) {
    const { code, message } = toCollectError(thrown);
    const error = { code, message: redact(message) };
    return { ...base, reachable: server !== undefined, server: server ?? {}, error };
  } finally {
    // The answer is known; a connection that does not close ends with the process.
    await collector?.close().catch(() => undefined);
  }
}

/** Whether nothing at all can be collected from the target. */
export function isUncollectable({ reachable, items }: TargetCheck): boolean {
  return !reachable || items.some(({ severity }) => severity === 'fatal');
}
