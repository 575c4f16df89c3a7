import type { BackupOperations } from '../core/remediation/backups.ts';
import type { Action, Operations } from '../core/remediation/operations.ts';

/** Operations that know whether they are in use. */
export interface UsedOperations {
  readonly operations: Operations;
  /** Closes them as soon as no call runs any more. */
  close(): Promise<void>;
}

export function countUse(operations: Operations): UsedOperations {
  let running = 0;
  let idle: (() => void) | undefined;
  const use: Use = async (call) => {
    running += 1;
    try {
      return await call();
    } finally {
      running -= 1;
      if (running === 0) idle?.();
    }
  };
  const counted: Operations = {
    // What is added later works too, uncounted: a judge that is left out would be a guard that is skipped.
    ...operations,
    actions: operations.actions.map((action) => countAction(action, use)),
    identify: (signal) => use(() => operations.identify(signal)),
    check: (signal) => use(() => operations.check(signal)),
    ...(operations.judge === undefined
      ? {}
      : { judge: (plan) => use(async () => (await operations.judge?.(plan)) ?? []) }),
    ...(operations.advise === undefined
      ? {}
      : {
          advise: (pipeline, context) =>
            use(async () => (await operations.advise?.(pipeline, context)) ?? []),
        }),
    ...(operations.backups === undefined ? {} : { backups: countBackups(operations.backups, use) }),
    close: () => operations.close(),
  };
  return {
    operations: counted,
    async close() {
      if (running > 0)
        await new Promise<void>((resolve) => {
          idle = resolve;
        });
      await operations.close();
    },
  };
}

type Use = <T>(call: () => Promise<T>) => Promise<T>;

/** A drill takes hours: what it asks of its target must not be closed under it. */
function countBackups(backups: BackupOperations, use: Use): BackupOperations {
  const take = backups.take?.bind(backups);
  const drill = backups.drill?.bind(backups);
  const discard = backups.discard?.bind(backups);
  return {
    chains: backups.chains,
    ...(backups.places === undefined ? {} : { places: backups.places }),
    list: (context) => use(() => backups.list(context)),
    ...(take === undefined ? {} : { take: (chain, context) => use(() => take(chain, context)) }),
    ...(drill === undefined ? {} : { drill: (request, context) => use(() => drill(request, context)) }),
    ...(discard === undefined ? {} : { discard: (folder) => use(() => discard(folder)) }),
    strategy: (folder) => backups.strategy(folder),
  };
}

function countAction(action: Action, use: Use): Action {
  return {
    ...action,
    find: (request, context) => use(() => action.find(request, context)),
    plan: (candidate, context) => use(() => action.plan(candidate, context)),
    rehearse: (draft, context) => use(() => action.rehearse(draft, context)),
    recheck: (plan, context) => use(() => action.recheck(plan, context)),
    inspect: (plan, act, context) => use(() => action.inspect(plan, act, context)),
    apply: (plan, act, context) => use(() => action.apply(plan, act, context)),
    undo: (plan, act, context) => use(() => action.undo(plan, act, context)),
    counters: (plan, context) => use(() => action.counters(plan, context)),
  };
}
