import { z } from 'zod';
import {
  type PlanDraft,
  type Rehearsal,
  type RehearsalContext,
  sessionName,
  testWhileChanged,
  toCollectError,
} from '../../../../src/sdk.ts';
import { quoteIdentifier } from '../../quote.ts';
import type { Access, ActRequest } from '../access.ts';
import { ActRefused } from '../act-refused.ts';
import type { ActingSession } from '../acting-client.ts';
import { dropLeftover, dropRehearsed } from './drop-rehearsed.ts';
import { outlineBody } from './explain-tree.ts';
import { hypotheticalCost } from './hypothetical.ts';
import { columnsOfFacts, type NewIndexFacts, newIndexFacts } from './index-facts.ts';
import { inspectIndex, servingIndex } from './index-state.ts';
import { createStatement } from './index-statement.ts';
import { judgeTrials, type Tried } from './judge-rehearsal.ts';
import { mebibytes } from './plan-index.ts';
import { isTheTarget, rehearsalDatabase } from './rehearsal-place.ts';
import { readTables, type TableFacts } from './table-facts.ts';
import { explainTrial, prepareTrial, type Trial } from './trial.ts';
import { type PhaseRuns, runTimeoutMs, runTrial } from './trial-runs.ts';

const waitForLockMs = 120_000;
/** A table with fewer rows than this part of the target's says nothing about it. */
const comparableShare = 0.1;
const mostStatements = 3;
const mostSets = 3;
/** A second round of building is done when the first took no longer. */
const cheapMs = 20_000;
const anyRow = z.unknown();

/** Builds the index on the rehearsal target, runs the statements without and with it, by turns, and drops it again. */
export async function rehearseIndex(
  access: Access,
  draft: PlanDraft,
  context: RehearsalContext,
): Promise<Rehearsal> {
  const { input } = access;
  const facts = newIndexFacts(draft.facts);
  const name = sessionName(input.applicationName, context.runId);
  let rehearsal: IndexRehearsal | undefined;
  let request: ActRequest | undefined;
  try {
    const database = await rehearsalDatabase(access, facts.database, context.signal);
    request = { sessionName: name, place: undefined, database, waitForLockMs, signal: context.signal };
    return await access.acting(request, async (session) => {
      if (await isTheTarget(draft, facts, session, context.signal))
        throw new ActRefused(
          'rehearsal_is_target',
          'it is the very server that the plan is for: remediation.rehearsal must be another one',
        );
      rehearsal = new IndexRehearsal(access, session, facts, context);
      return rehearsal.run();
    });
  } catch (thrown) {
    context.signal.throwIfAborted();
    const why = thrown instanceof ActRefused ? thrown.message : toCollectError(thrown).message;
    return answer(access, 'not_possible', `the rehearsal could not be done: ${why}`, {}, {});
  } finally {
    if (request !== undefined && rehearsal?.left !== undefined)
      await dropLeftover(access, request, rehearsal.left);
  }
}

function answer(
  { input }: Access,
  verdict: Rehearsal['verdict'],
  text: string,
  rows: Rehearsal['rows'],
  figures: Rehearsal['figures'],
): Rehearsal {
  return { on: input.target.id, verdict, text, rows, figures };
}

class IndexRehearsal {
  readonly #access: Access;
  readonly #session: ActingSession;
  readonly #context: RehearsalContext;
  #facts: NewIndexFacts;
  #rows: Rehearsal['rows'] = {};
  #buildMs = 0;
  #indexBytes = 0;
  #left: NewIndexFacts | undefined;

  constructor(access: Access, session: ActingSession, facts: NewIndexFacts, context: RehearsalContext) {
    this.#access = access;
    this.#session = session;
    this.#facts = facts;
    this.#context = context;
  }

  /** The index that its session could not drop any more. */
  get left(): NewIndexFacts | undefined {
    return this.#left;
  }

  async run(): Promise<Rehearsal> {
    const obstacle = await this.#prepareTable();
    if (obstacle !== undefined) return this.#answer('not_possible', obstacle);
    try {
      return await this.#rehearse();
    } finally {
      await this.#drop();
    }
  }

  async #rehearse(): Promise<Rehearsal> {
    const { signal, minimumImprovement } = this.#context;
    await this.#session.query(`SET statement_timeout = ${runTimeoutMs}`, anyRow, signal);
    await this.#session.query('SET plan_cache_mode = force_custom_plan', anyRow, signal);
    // Reeve's own reading does without; the statements of the target do not.
    await this.#session.query('SET max_parallel_workers_per_gather = 2', anyRow, signal);
    const { trials, refused } = await this.#trials();
    if (trials.length === 0)
      return this.#answer('not_possible', `no statement could be run: ${refused.join('; ')}`);
    const place = { ...this.#facts, columns: columnsOfFacts(this.#facts) };
    const cost = await hypotheticalCost(this.#session, place, trials, signal);
    if (cost === false)
      return this.#answer(
        'failed',
        'the planner would not use the index for any of the statements (HypoPG)',
        { hypothetical: true },
      );
    const tried = await this.#rounds(trials);
    const { passed, text, figures } = judgeTrials(tried, minimumImprovement);
    const all = {
      ...figures,
      buildMs: Math.round(this.#buildMs),
      indexBytes: this.#indexBytes,
      notRun: refused,
    };
    this.#context.evidence({
      kind: 'measurement',
      title: `rehearsal of ${this.#facts.index}: ${text}`.slice(0, 300),
      body: all,
    });
    const build = `built in ${(this.#buildMs / 1000).toFixed(1)} s with ${mebibytes(this.#indexBytes)}, and dropped again`;
    if (!passed) return this.#answer('failed', `${text}; ${build}`, all);
    const fault = await testWhileChanged(this.#context);
    return fault === undefined
      ? this.#answer('passed', `${text}; ${build}`, all)
      : this.#answer('failed', `${fault}; ${build}`, all);
  }

  /** Finds the table, compares it, and clears what an interrupted rehearsal left. Says why not. */
  async #prepareTable(): Promise<string | undefined> {
    const { database, schema, table: name, index, tableRows } = this.#facts;
    const place = `${schema}.${name}`;
    let table = await this.#table();
    if (table === undefined)
      return `database ${this.#session.database} of the rehearsal target has no table ${place}`;
    const hasStatistics = table.rows >= 0 && table.columns.some(({ distinct }) => distinct !== null);
    if (!hasStatistics) {
      await this.#run(`ANALYZE ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`);
      table = (await this.#table()) ?? table;
    }
    this.#facts = { ...this.#facts, tableOid: table.oid };
    this.#rows = {
      [`${database}.${place}`]: { target: Math.max(0, tableRows), rehearsal: Math.max(0, table.rows) },
    };
    if (table.rows < tableRows * comparableShare)
      return `${place} has ${Math.max(0, table.rows)} rows there and ${tableRows} on the target: too few to say anything; load comparable data`;
    const { state, detail } = await inspectIndex(this.#session, this.#facts, this.#context.signal);
    if (state === 'other') return detail;
    if (state !== 'pending') await this.#drop();
    const serving = await servingIndex(this.#session, this.#facts, this.#context.signal);
    if (serving === undefined) return undefined;
    return `the rehearsal target has index ${serving}, which does the same as ${index}: it is not like the target; drop it there or build it on the target by hand`;
  }

  async #table(): Promise<TableFacts | undefined> {
    const tables = await readTables(this.#session, [this.#facts.table], this.#context.signal);
    return tables.find(({ schema }) => schema === this.#facts.schema);
  }

  async #trials(): Promise<{ readonly trials: readonly Trial[]; readonly refused: readonly string[] }> {
    const trials: Trial[] = [];
    const refused: string[] = [];
    const costliest = this.#facts.statements.toSorted((one, other) => other.share - one.share);
    for (const statement of costliest.slice(0, mostStatements)) {
      try {
        const name = `reeve_trial_${trials.length}`;
        const trial = await prepareTrial(this.#session, name, statement, this.#context.signal);
        trials.push(await this.#likeTarget(trial, statement.rowsPerCall));
      } catch (thrown) {
        this.#context.signal.throwIfAborted();
        refused.push(`statement ${statement.queryId}: ${toCollectError(thrown).code}`);
      }
    }
    return { trials, refused };
  }

  /** With the sets of values that give about as many rows as a call on the target, as the planner expects. */
  async #likeTarget(trial: Trial, rowsPerCall: number): Promise<Trial> {
    const sets: { readonly values: readonly string[]; readonly distance: number }[] = [];
    for (const values of trial.values) {
      const { Plan } = await explainTrial(this.#session, trial, values, false, this.#context.signal);
      const distance = Math.abs(Math.log((Plan['Plan Rows'] + 1) / (rowsPerCall + 1)));
      sets.push({ values, distance });
    }
    const nearest = sets.toSorted((one, other) => one.distance - other.distance);
    return { ...trial, values: nearest.slice(0, mostSets).map(({ values }) => values) };
  }

  /** Without, with, and where it is cheap once more, so that a slow drift of the machine is no gain. */
  async #rounds(trials: readonly Trial[]): Promise<readonly Tried[]> {
    const { clock } = this.#access.input;
    const started = clock.monotonicMs();
    const without: (readonly PhaseRuns[])[] = [];
    const withIndex: (readonly PhaseRuns[])[] = [];
    for (let round = 0; round < 2; round += 1) {
      if (round > 0 && clock.monotonicMs() - started > cheapMs) break;
      if (round > 0) await this.#drop();
      const before = await this.#phase(trials);
      await this.#build();
      const after = await this.#phase(trials);
      if (round === 0) this.#keepPlans('without', trials, before);
      if (round === 0) this.#keepPlans('with', trials, after);
      without.push(before);
      withIndex.push(after);
    }
    return trials.map((trial, index) => ({
      trial,
      share: this.#facts.statements.find(({ queryId }) => queryId === trial.queryId)?.share ?? 0,
      without: without.flatMap((phase) => phase[index] ?? []),
      with: withIndex.flatMap((phase) => phase[index] ?? []),
    }));
  }

  async #phase(trials: readonly Trial[]): Promise<readonly PhaseRuns[]> {
    const { clock } = this.#access.input;
    const phase: PhaseRuns[] = [];
    for (const trial of trials)
      phase.push(await runTrial(this.#session, trial, this.#facts.index, clock, this.#context.signal));
    return phase;
  }

  #keepPlans(how: 'without' | 'with', trials: readonly Trial[], phase: readonly PhaseRuns[]): void {
    for (const [index, { queryId }] of trials.entries()) {
      const explained = phase[index]?.explained;
      if (explained === undefined) continue;
      const title = `EXPLAIN (ANALYZE, BUFFERS) of statement ${queryId} on ${this.#access.input.target.id} ${how} the index`;
      this.#context.evidence({ kind: 'explain', title, body: outlineBody(explained) });
    }
  }

  async #build(): Promise<void> {
    const { clock } = this.#access.input;
    const started = clock.monotonicMs();
    await this.#run(createStatement({ ...this.#facts, columns: columnsOfFacts(this.#facts) }));
    this.#buildMs = clock.monotonicMs() - started;
    const { state, detail } = await inspectIndex(this.#session, this.#facts, this.#context.signal);
    if (state !== 'done') throw new ActRefused('build_failed', detail);
    const sql = 'SELECT pg_relation_size(to_regclass($1)) AS bytes';
    const name = `${quoteIdentifier(this.#facts.schema)}.${quoteIdentifier(this.#facts.index)}`;
    const [size] = await this.#session.query(sql, z.object({ bytes: z.number() }), this.#context.signal, [
      name,
    ]);
    this.#indexBytes = size?.bytes ?? 0;
  }

  async #run(statement: string): Promise<void> {
    const outcome = await this.#session.run(statement, {
      signal: this.#context.signal,
      lockTimeoutMs: waitForLockMs,
    });
    // `run` leaves the session with the limits of a reading.
    if (outcome.kind !== 'lost')
      await this.#session.query(`SET statement_timeout = ${runTimeoutMs}`, anyRow, this.#context.signal);
    if (outcome.kind === 'done') return;
    const why = outcome.kind === 'failed' ? `SQLSTATE ${outcome.sqlState}` : outcome.kind;
    throw new ActRefused('rehearsal_failed', `the server did not do it (${why}): ${statement}`);
  }

  async #drop(): Promise<void> {
    const isGone = await dropRehearsed(this.#session, this.#facts);
    this.#left = isGone ? undefined : this.#facts;
    if (!isGone) return;
    const signal = AbortSignal.timeout(runTimeoutMs);
    await this.#session.query(`SET statement_timeout = ${runTimeoutMs}`, anyRow, signal);
  }

  #answer(verdict: Rehearsal['verdict'], text: string, figures: Rehearsal['figures'] = {}): Rehearsal {
    const on = this.#access.input.target.id;
    return answer(this.#access, verdict, `on ${on}: ${text}`, this.#rows, figures);
  }
}
