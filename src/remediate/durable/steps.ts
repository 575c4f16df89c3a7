import type { Workflow } from 'openworkflow';
import { type DurableSteps, StepFailed } from '../../core/ports/durable-engine.ts';
import type { Json } from '../../core/remediation/json.ts';
import type { Execution } from './execution.ts';
import { storableJson } from './storable-json.ts';

/** What the journal keeps of a step: a failure is an answer too, or OpenWorkflow would run the step again after every sleep. */
type StepAnswer<T> =
  | { readonly done: T }
  | { readonly failed: { readonly name: string; readonly message: string; readonly code?: string } };

const once = { maximumAttempts: 1 };

type StepApi = Parameters<Workflow<unknown, unknown, unknown>['fn']>[0]['step'];

/** The steps that a workflow sees, one at a time, on those of OpenWorkflow. */
export function createSteps(api: StepApi, execution: Execution): DurableSteps {
  let current: string | undefined;
  const begin = (name: string): void => {
    if (current !== undefined)
      throw new Error(
        `step "${name}" begins while "${current}" is not done: the steps of a process follow one another`,
      );
    current = name;
  };
  /** Whatever reaches here was thrown by the journal or ends this pass: nothing the workflow could decide on. */
  const take = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    begin(name);
    if (execution.signal.aborted) return execution.park(execution.signal.reason);
    try {
      return await call();
    } catch (thrown) {
      return execution.park(thrown);
    } finally {
      current = undefined;
    }
  };
  return {
    async step(name, work) {
      const answer = await take(name, () =>
        api.run({ name, retryPolicy: once }, () => answerOf(execution, name, work)),
      );
      if ('failed' in answer) throw new StepFailed(name, answer.failed);
      return answer.done;
    },
    sleep: (name, forMs) => take(name, () => api.sleep(name, `${Math.max(0, Math.ceil(forMs))}ms`)),
  };
}

async function answerOf<T extends Json>(
  execution: Execution,
  step: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<StepAnswer<T>> {
  try {
    const done = storableJson(await execution.work(step, work));
    // Done although the agent stops: that is remembered, and the next step is another agent's.
    if (execution.interruption === undefined || execution.interruption === 'stopping') return { done };
  } catch (thrown) {
    if (!execution.signal.aborted) return { failed: describe(thrown) };
  }
  return execution.park(execution.signal.reason);
}

function describe(thrown: unknown): { name: string; message: string; code?: string } {
  if (!(thrown instanceof Error)) return storableJson({ name: 'Error', message: String(thrown) });
  const { name, message } = thrown;
  const code = 'code' in thrown && typeof thrown.code === 'string' ? { code: thrown.code } : {};
  return storableJson({ name, message, ...code });
}
