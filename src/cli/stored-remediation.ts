import type { RemediationControl } from '../core/remediation/control.ts';
import { createRemediation } from '../remediate/remediation.ts';
import { createConfigInForce } from './config-in-force.ts';
import { createIdleEngine } from './idle-engine.ts';
import { openLog } from './open-log.ts';
import { openStoreToDecide } from './open-store-of.ts';
import { remediationInput } from './remediation-input.ts';
import type { StoredInput } from './stored-input.ts';

/**
 * Takes decisions while no agent runs: they are written into the store (the embedded one is locked meanwhile), and nothing is done on any database.
 *
 * @throws {StoreError} when the store cannot be opened, also because an agent has it.
 */
export async function openStoredRemediation({
  config,
  engines,
  context,
  options,
}: StoredInput): Promise<{ readonly control: RemediationControl } & AsyncDisposable> {
  const { clock } = context;
  const inForce = createConfigInForce(config);
  const log = await openLog(context, inForce, options.logLevel ?? 'error');
  const store = await openStoreToDecide(config.store, { clock, log });
  const remediation = createRemediation({
    ...remediationInput(() => config, engines, context),
    records: store.remediation,
    proofs: store.proofs,
    engine: createIdleEngine(),
    operationsOf: () => Promise.resolve(undefined),
    snapshots: { latest: () => [], subscribe: () => () => undefined },
    judgements: () => [],
    breaches: (filter) => store.objectives.breaches(filter),
    practices: { consult: () => Promise.resolve([]) },
    redact: (text) => inForce.redact(text),
    log,
  });
  return { control: remediation.control, [Symbol.asyncDispose]: () => store.close() };
}
