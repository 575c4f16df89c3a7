import type { Clock } from '../../src/core/ports/clock.ts';
import {
  AgentStopping,
  type DurableEngine,
  type DurableSteps,
  ProcessCancelled,
  StepFailed,
} from '../../src/core/ports/durable-engine.ts';
import type { Json } from '../../src/core/remediation/json.ts';
import { AgentDied } from '../../src/remediate/points.ts';

type Answer = { readonly done: Json } | { readonly failed: string };

interface Entry {
  readonly name: string;
  readonly input: Json;
  readonly createdAt: number;
  state: 'pending' | 'running' | 'sleeping' | 'ended' | 'failed' | 'cancelled';
  readonly answers: Map<string, Answer>;
  /** By name of the sleep: when it is over. */
  readonly sleeps: Map<string, number>;
}

/** What outlives an agent. Processes by id, in the order in which they were started. */
export type FakeJournal = Map<string, Entry>;

export interface FakeDurableEngine extends DurableEngine {
  /** The agent is dead from here on: nothing that it still does reaches the journal. */
  die(): void;
}

export interface FakeEngineOptions {
  readonly journal: FakeJournal;
  readonly clock: Clock;
  /** An agent died at a point. */
  readonly onDeath: () => void;
}

const forever = (): Promise<never> => new Promise<never>(() => undefined);

/** A durable engine in memory: workflows begin anew after every sleep and restart, and steps are remembered, as by the real one. */
export function createFakeDurableEngine({ journal, clock, onDeath }: FakeEngineOptions): FakeDurableEngine {
  const works = new Map<string, Parameters<DurableEngine['define']>[1]>();
  const passes = new Map<string, AbortController>();
  const ended = new AbortController();
  let isBegun = false;
  let isDead = false;

  const die = (): void => {
    isDead = true;
    ended.abort(new Error('dead'));
  };

  const pass = async (id: string, entry: Entry): Promise<void> => {
    const work = works.get(entry.name);
    if (work === undefined || !isBegun || isDead || ended.signal.aborted) return;
    const stop = new AbortController();
    passes.set(id, stop);
    entry.state = 'running';
    try {
      await work(entry.input, stepsOf(id, entry, stop));
      if (!isDead && entry.state === 'running') entry.state = 'ended';
    } catch {
      if (!isDead && entry.state === 'running') entry.state = 'failed';
    }
  };

  const stepsOf = (id: string, entry: Entry, stop: AbortController): DurableSteps => ({
    async step(name, work) {
      const known = entry.answers.get(name);
      if (known === undefined) {
        if (stop.signal.aborted || isDead) return forever();
        try {
          const done = await work(stop.signal);
          if (isDead || stop.signal.reason instanceof ProcessCancelled) return await forever();
          const copy: Json = JSON.parse(JSON.stringify(done));
          entry.answers.set(name, { done: copy });
          return done;
        } catch (error) {
          if (error instanceof AgentDied) {
            die();
            onDeath();
          }
          if (isDead || stop.signal.aborted) return await forever();
          const text = error instanceof Error ? error.message : String(error);
          entry.answers.set(name, { failed: text });
          throw new StepFailed(name, { name: 'Error', message: text });
        }
      }
      if ('failed' in known) throw new StepFailed(name, { name: 'Error', message: known.failed });
      // The journal of a test gives back what the same step put in.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return known.done as Awaited<ReturnType<typeof work>>;
    },
    async sleep(name, forMs) {
      if (isDead || stop.signal.aborted) return forever();
      const until = entry.sleeps.get(name) ?? clock.now() + forMs;
      entry.sleeps.set(name, until);
      if (until <= clock.now()) return undefined;
      entry.state = 'sleeping';
      void wake(id, entry, until);
      return forever();
    },
  });

  const wake = async (id: string, entry: Entry, until: number): Promise<void> => {
    try {
      await clock.sleep(until - clock.now(), ended.signal);
    } catch {
      return;
    }
    if (entry.state === 'sleeping') await pass(id, entry);
  };

  const isUnfinished = ({ state }: Entry): boolean =>
    state === 'pending' || state === 'running' || state === 'sleeping';

  return {
    define: (name, work) => void works.set(name, work),
    async begin() {
      isBegun = true;
      for (const [id, entry] of journal) if (isUnfinished(entry)) void pass(id, entry);
    },
    async start(name, id, input) {
      if (journal.has(id)) return;
      const entry: Entry = {
        name,
        input,
        createdAt: clock.now(),
        state: 'pending',
        answers: new Map(),
        sleeps: new Map(),
      };
      journal.set(id, entry);
      void pass(id, entry);
    },
    async cancel(id) {
      const entry = journal.get(id);
      if (entry === undefined || !isUnfinished(entry)) return false;
      entry.state = 'cancelled';
      passes.get(id)?.abort(new ProcessCancelled());
      return true;
    },
    list: async () =>
      [...journal].flatMap(([id, entry]) =>
        entry.state === 'pending' || entry.state === 'running' || entry.state === 'sleeping'
          ? [{ id, name: entry.name, state: entry.state, createdAt: entry.createdAt }]
          : [],
      ),
    async close() {
      ended.abort(new AgentStopping());
      for (const stop of passes.values()) stop.abort(new AgentStopping());
    },
    die,
  };
}
