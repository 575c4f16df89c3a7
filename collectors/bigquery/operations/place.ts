import {
  type ActOutcome,
  CollectError,
  type CounterReading,
  type JsonObject,
  type PlanDraft,
  type Rehearsal,
  type TargetIdentity,
} from '../../../src/sdk.ts';
import { projectsOf } from '../config.ts';
import { parseServiceAccountKey } from '../credentials.ts';
import type { BigqueryOperationsInput } from './input.ts';
import { ReadingSide } from './reading-side.ts';
import { isThrottled, RestError } from './rest-error.ts';
import { createRestSession, noSession, type RestSession } from './rest-session.ts';
import { createWarehouseApi, type WarehouseApi } from './warehouse-api.ts';

/** What all actions work with: the login that reads, and the one that acts. */
export interface Place {
  readonly input: BigqueryOperationsInput;
  readonly reading: ReadingSide;
  readonly acting: WarehouseApi;
  readonly session: RestSession;
}

const scopes = ['https://www.googleapis.com/auth/cloud-platform'];

/** Connects to nothing yet. */
export function createPlace(input: BigqueryOperationsInput): Place {
  const { credentials, target } = input;
  const session =
    credentials === undefined ? noSession(target.id) : createRestSession({ credentials, scopes }, input);
  return { input, reading: new ReadingSide(input), session, acting: createWarehouseApi({ session, input }) };
}

export async function closePlace({ session, reading }: Place): Promise<void> {
  session.close();
  await reading.close();
}

/**
 * Which project pays, where its data are, and as whom Reeve acts there; asked of the API with the login that acts, or with the collecting
 * one where there is none. Which very table is meant stands in each plan: its name and the time of its creation.
 */
export async function identifyPlace(place: Place, signal: AbortSignal): Promise<TargetIdentity> {
  const { input, acting, reading } = place;
  const { options, credentials } = input;
  await (credentials === undefined ? reading.api : acting).greet(options.project, signal);
  return {
    endpoint: new URL(options.endpoint ?? 'https://bigquery.googleapis.com').host,
    project: options.project,
    projects: projectsOf(options).join(' '),
    regions: options.regions.join(' '),
    account: accountOf(input),
  };
}

function accountOf({ credentials, options }: BigqueryOperationsInput): string {
  const text = (credentials ?? options.credentials)?.reveal();
  const key = text === undefined ? undefined : parseServiceAccountKey(text);
  return key?.client_email ?? 'application default credentials';
}

/** Labels of everything that a run makes: values hold lower-case letters, digits, `_` and `-` only. */
export function runLabels(runId: string): Readonly<Record<string, string>> {
  return { reeve_run: labelValue(runId) };
}

export function labelValue(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .slice(0, 63);
}

/**
 * What became of an act that was answered with an error: nothing was done, in each case.
 *
 * @throws whatever gives no answer: nobody knows, and the catalogue is asked.
 */
export function refusedOutcome(thrown: unknown): ActOutcome {
  if (thrown instanceof CollectError && thrown.code === 'denied')
    return { result: 'refused', detail: thrown.message };
  if (!(thrown instanceof RestError)) throw thrown;
  const { status, reason, message } = thrown;
  if (status === 412)
    return {
      result: 'gave_up',
      detail: `${message}: somebody changed it at the same time; nothing was done`,
    };
  if (isThrottled(thrown) || reason === 'quotaExceeded' || reason === 'backendError')
    return { result: 'gave_up', detail: `${message}; nothing was done` };
  if (status === 403)
    return {
      result: 'refused',
      detail: `${message}: give the account of remediation.credentials the role that reeve check names`,
    };
  return { result: 'refused', detail: `${message}; nothing was done` };
}

/** Nothing is made faster or slower by statements that are counted: what is compared are the guards. */
export function noCounters({ input: { clock } }: Place): CounterReading {
  return { at: clock.now(), epoch: 'none', series: {} };
}

export function simulated(text: string, figures: JsonObject): Rehearsal {
  return { on: '', verdict: 'simulated', text, rows: {}, figures };
}

/** A text that a plan keeps; empty where there is none. */
export function factText(plan: Pick<PlanDraft, 'facts'>, name: string): string {
  const value = plan.facts[name];
  return typeof value === 'string' ? value : '';
}

export function factNumber(plan: Pick<PlanDraft, 'facts'>, name: string): number | undefined {
  const value = plan.facts[name];
  return typeof value === 'number' ? value : undefined;
}
