import {
  type ActOutcome,
  CollectError,
  type Inspection,
  type PlanDraft,
  type Rehearsal,
  type RehearsalContext,
  sessionName,
  type TargetIdentity,
  testWhileChanged,
} from '../../../src/sdk.ts';
import { act } from './act.ts';
import { openActing } from './acting.ts';
import { inspectByKey, queryOf } from './create-facts.ts';
import { hideCommand } from './index-commands.ts';
import { type IndexFacts, indexFacts } from './index-facts.ts';
import { inspectGone, inspectHidden } from './inspect-index.ts';
import { identifyPlace, lookAt, type Place } from './place.ts';
import { type Gain, gainOf, type Measurement } from './query-gain.ts';
import { measureQueries, type QueryValues, readResults, sampleValues } from './query-runs.ts';
import { compareRows, sameServer } from './rehearse-index.ts';
import type { CollectionSight } from './sightings.ts';

/** Half of them with the index, half without, in turns: what else the server does hits both. */
const rounds = 10;

interface Trial {
  readonly place: Place;
  readonly draft: PlanDraft;
  readonly facts: IndexFacts;
  readonly identity: TargetIdentity;
  readonly context: RehearsalContext;
}

/**
 * Builds the index on the rehearsal target and measures the query with and without it, on values taken from that target's own documents,
 * which are kept nowhere. Without is: the index hidden. In the end the index is dropped.
 */
export async function rehearseCreate(
  place: Place,
  draft: PlanDraft,
  context: RehearsalContext,
): Promise<Rehearsal> {
  const facts = indexFacts(draft);
  const identity = await identifyPlace(place, context.signal);
  const on = place.input.target.id;
  const failed = (text: string, rows: Rehearsal['rows'] = {}): Rehearsal => ({
    on,
    verdict: 'failed',
    text,
    rows,
    figures: {},
  });
  const same = sameServer(draft.identity, identity);
  if (same !== undefined) return failed(same);
  const compared = await compareRows({ place, facts, context });
  if (!compared.isComparable) return failed(`cannot be compared: ${compared.text}`, compared.rows);
  const trial: Trial = { place, draft, facts, identity, context };
  try {
    const gain = await tryIndex(trial);
    if (typeof gain === 'string') return failed(`${gain}; ${compared.text}`, compared.rows);
    const verdict = gain.isProven ? 'passed' : 'failed';
    const text = `${gain.text}; ${compared.text}`;
    context.evidence({
      kind: 'explain',
      title: `executionStats with and without ${draft.subject}`,
      body: gain.figures,
    });
    context.evidence({
      kind: 'rehearsal',
      title: `rehearsal ${verdict}`,
      body: { text, figures: gain.figures },
    });
    return { on, verdict, text, rows: compared.rows, figures: gain.figures };
  } catch (thrown) {
    if (context.signal.aborted || !(thrown instanceof CollectError)) throw thrown;
    const hint =
      thrown.code === 'denied'
        ? ': on a rehearsal target the login that acts needs the action find on the database too'
        : '';
    return failed(`${thrown.message}${hint}`, compared.rows);
  }
}

/** What the index gains, or why that could not be measured. Leaves the target as it was. */
async function tryIndex(trial: Trial): Promise<Gain | string> {
  const { place, draft, facts, context } = trial;
  const query = queryOf(draft);
  const client = await openActing(
    place.input,
    sessionName(place.input.applicationName, context.runId),
    context.signal,
  );
  try {
    const values = await sampleValues(client, facts.database, query, context.signal);
    if (values.length === 0)
      return `no document of ${facts.database}.${facts.collection} has the fields of the query, so it cannot be tried`;
    const [create] = draft.acts;
    const before = await readResults(client, facts.database, query, values, context.signal);
    const built = await step(trial, create?.statement ?? '', inspectByKey, 'done');
    if (built !== undefined) return `not built: ${built}`;
    try {
      const measured = await interleave(trial, values, client);
      if (typeof measured === 'string') return measured;
      const after = await readResults(client, facts.database, query, values, context.signal);
      const fault = await testWhileChanged(context);
      if (fault !== undefined) return fault;
      return gainOf(measured, { isSame: before === after, minimum: context.minimumImprovement });
    } finally {
      await step(trial, create?.undo[0] ?? '', inspectGone, 'done');
    }
  } finally {
    await client.close();
  }
}

async function interleave(
  trial: Trial,
  values: readonly QueryValues[],
  client: Parameters<typeof measureQueries>[0],
): Promise<readonly Measurement[] | string> {
  const { facts, context, draft } = trial;
  const frame = { runId: context.runId, lockTimeoutMs: 10_000 };
  const measured: Measurement[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // The last one is with the index, so that results are compared with it in use.
    const isVisible = round % 2 === 1;
    const wrong = await step(
      trial,
      hideCommand(facts, !isVisible, frame),
      inspectHidden,
      isVisible ? 'pending' : 'done',
    );
    if (wrong !== undefined) return `could not be measured: ${wrong}`;
    const runs = await measureQueries(client, facts.database, queryOf(draft), values, context.signal);
    measured.push({ isVisible, ...runs });
  }
  return measured;
}

/** Undefined when it is so; why it is not otherwise. */
async function step(
  { place, facts, identity, context }: Trial,
  statement: string,
  look: (sight: CollectionSight, planned: IndexFacts) => Inspection,
  wanted: 'done' | 'pending',
): Promise<string | undefined> {
  const inspect = async (): Promise<Inspection> => {
    const { sight } = await lookAt(place, facts, context.signal);
    const seen = sight.members.flatMap(({ indexes }) => indexes.get(facts.index) ?? [])[0];
    return look(sight, seen === undefined ? facts : { ...facts, shape: seen.spec.shape });
  };
  const outcome: ActOutcome = await act(
    place.input,
    { statement, identity, direction: 'apply', wanted, inspect },
    {
      signal: context.signal,
      sessionName: sessionName(place.input.applicationName, context.runId),
      assertHeld: async () => undefined,
    },
  );
  return outcome.result === 'done' || outcome.result === 'already' ? undefined : outcome.detail;
}
