/**
 * The contract between Reeve and a database engine: a manifest that reaches no driver, and a collector that is loaded when the first
 * target of that engine is configured. Adding an engine is adding a folder that fulfils this.
 */

import type { z } from 'zod';
import type { AlertRule } from './alert-rule.ts';
import type { CheckItem } from './check-item.ts';
import type { ConfigFields } from './config-fields.ts';
import type { EngineDashboard } from './dashboard.ts';
import type { MetricTable } from './metric.ts';
import type { ObjectiveId } from './objective.ts';
import type { Background } from './ports/background.ts';
import type { Clock, Random } from './ports/clock.ts';
import type { History } from './ports/history.ts';
import type { Log } from './ports/log.ts';
import type { Memory } from './ports/memory.ts';
import type { Operations, OperationsInput } from './remediation/operations.ts';
import type { GuardMeasure } from './remediation/verification.ts';
import type { Recorder } from './sample.ts';
import type { DetailRow, Finding } from './snapshot.ts';
import type { ServerIdentity, Target } from './target.ts';
import type { Workload } from './workload.ts';

/** A set of values that are read together and succeed or fail together. */
export interface GroupDefinition {
  /** What it reads, in one sentence. */
  readonly summary: string;
  /** 0: at every collection (cheap, lock-free). Otherwise at most once in this time, in milliseconds. */
  readonly everyMs: number;
  /**
   * Set for a group that may take longer than a collection: it is read beside the collections, while fast groups are read too, and given
   * up after this time, in milliseconds. Never read twice at once. Needs `everyMs` above 0.
   */
  readonly apartDeadlineMs?: number;
  /**
   * Set for a group whose reading costs money: nobody can have it read more often than once in this time, in milliseconds. Its latest
   * reading outlives restarts and reloads, and `reeve collect` reads it only when asked to pay.
   */
  readonly paidEveryMs?: number;
  /** Privileges, extensions and settings it needs; empty when every login may read it. */
  readonly needs: string;
}

/** Which metric of an engine an objective is judged by. */
export interface ObjectiveMeasure<K extends string = string> {
  readonly objective: ObjectiveId;
  /** Key in the engine's metric table. Its samples are the observations, one a subject. */
  readonly metric: K;
  /**
   * - `value` (default): the sample is the statistic, over the window that `windowMs` of the target says.
   * - `forecast`: the samples are remembered, and where they will be is judged.
   * - `age`: only which subjects there are is taken from the samples; judged is the age of something that Reeve records about each.
   * - `recorded`: the samples are made of what Reeve itself recorded: known also while the target cannot be reached, and what is not there
   *   any more is gone at once.
   */
  readonly statistic?: 'value' | 'forecast' | 'age' | 'recorded';
  /** Subjects that have a sample of this metric and none of `metric` are there, and their value is not known: `recorded` only. */
  readonly subjectsOf?: K;
  /** Labels that name the subject, in this order; all labels of the metric unless set. */
  readonly subject?: readonly string[];
  /** Only samples with these label values, such as `{ window: 'month' }`. */
  readonly where?: Readonly<Record<string, string>>;
  /** Smallest difference that the value can show, in the objective's unit: a bound below it cannot be judged. */
  readonly resolution?: number;
  /** A breach pages, whatever the objective's severity, while one of these holds for the same subject. */
  readonly page?: readonly PageGround<K>[];
  /**
   * Samples of this metric that are above 0 say that the lower bound does not apply: each to the subjects whose labels are its own, as far
   * as it has them (`database` and `container` of a subject that has a `region` too; no labels: all subjects).
   */
  readonly withoutMinimum?: K;
  /**
   * Why there is no sample for long although it is read, where a watch of weeks comes first: then the reason is `too_little_history`. Of
   * `subjectsOf`: why there is none.
   */
  readonly untilKnown?: string;
  /** While a sample of this metric is above 0 and no subject was ever seen, there is nothing to judge, which is not unknown: a serverless account. */
  readonly exempt?: K;
}

/** A second metric whose labels, as far as it has them, are those of the subject. */
export interface PageGround<K extends string = string> {
  readonly metric: K;
  readonly where?: Readonly<Record<string, string>>;
  /** What the metric must be above; the objective's own upper bound unless set. */
  readonly above?: number;
  /** Only when this bound is violated; either unless set. */
  readonly side?: 'min' | 'max';
  /** Its value is the objective's while that is not known and this is above the upper bound: what is spent already needs no forecast. */
  readonly standsIn?: true;
}

/** What every target of an engine has unless its configuration says otherwise, in milliseconds. */
export interface TargetDefaults {
  readonly intervalMs: number;
  readonly deadlineMs: number;
}

/** How `reeve init` begins a target of an engine, from a URL that a person types. */
export interface Starter {
  /** URL schemes without `://`; unique among engines. */
  readonly protocols: readonly string[];
  /**
   * The target's own keys as lines of YAML, without indentation, secrets as `{ env: variable }`; `undefined` when the URL says too
   * little. Absent: the URL is the target's `url`, given by the variable.
   */
  readonly lines?: (url: URL, variable: string) => readonly string[] | undefined;
  /** Lines of YAML that a newcomer should know of; they are written as comments. */
  readonly hints?: readonly string[];
}

/** Statements that create the least-privileged login for collection. */
export interface Grants {
  /** What they allow and what is left out on purpose. */
  readonly summary: string;
  /** Each is complete and can be pasted as it stands, terminator included, comments on lines of their own as in `CheckItem.remedy`; what stands in angle brackets, such as `<password>`, is to be filled in. */
  readonly statements: readonly string[];
}

/** An engine's manifest. `M` is its metric table, `G` the names of its groups, `O` its parsed options. */
export interface Engine<M extends MetricTable = MetricTable, G extends string = string, O = unknown> {
  /** As written in the configuration and in the label `engine`. */
  readonly id: string;
  /** As people write it. */
  readonly title: string;
  /** Server versions it is made for. */
  readonly versions: string;
  /** How the tests exercise it: on which real servers, and what only fixtures or doubles stand for. */
  readonly proof: string;
  /** OpenTelemetry `db.system.name`. */
  readonly otelSystem: string;
  /** Workload of a target that does not say. */
  readonly defaultWorkload: Workload | undefined;
  readonly metrics: M;
  readonly groups: Readonly<Record<G, GroupDefinition>>;
  readonly objectives: readonly ObjectiveMeasure<keyof M & string>[];
  /** What operators expect to be told of, whatever the objectives say. Absent until the engine has some. */
  readonly alerts?: readonly AlertRule[];
  readonly dashboard?: EngineDashboard;
  readonly grants: Grants;
  /** Of every target that does not say; a database nearby when absent: every 15 s, within 10 s. */
  readonly targetDefaults?: TargetDefaults;
  readonly starter: Starter;
  /** Options of a target beside the common ones; the object is strict, so unknown keys are named. */
  options(fields: ConfigFields): z.ZodObject & z.ZodType<O>;
  /** Loads the driver and makes a collector; connects to nothing yet. */
  createCollector(input: CollectorInput<O>): Promise<Collector<M, G>>;
  /** What says that a target suffers: compared before and after every change. */
  readonly guards?: readonly GuardMeasure[];
  /** Ids of all actions that its operations offer, so that the configuration can name the one that was meant. Absent: any name is taken. */
  readonly actions?: readonly string[];
  /** Those of `actions` that are simulated from history, because no other target could say anything about them: they need none to rehearse on. */
  readonly simulated?: readonly string[];
  /** What is proven by doing it on its targets, and judged: `restore_test_age_seconds` counts restores, migrations have objectives of their own. */
  readonly proves?: readonly ('restore' | 'migration')[];
  /** Loads what pipelines need to change a target; connects to nothing yet. Absent: nothing is ever changed on this engine. */
  createOperations?(input: OperationsInput<NoInfer<O>>): Promise<Operations>;
}

export interface CollectorInput<O = unknown> {
  readonly target: Target;
  readonly options: O;
  readonly history: History;
  readonly clock: Clock;
  readonly random: Random;
  /** For work that can wait and goes on between collections. */
  readonly background: Background;
  /** What this target's collector remembers over restarts, by key; forgotten at the end without a store. */
  readonly memory: Memory;
  /** What the targets of this engine share in this process, such as a budget of calls: the first that asks makes it. */
  shared<T>(key: string, make: () => T): T;
  /** Keeps a secret that was met at run time (a token, a key inside a file) out of all that Reeve says. */
  conceal(secret: string): void;
  /** Takes every answer of the server as it came, for `npm run conformance`; absent otherwise. */
  readonly onAnswer?: (answer: ServerAnswer) => void;
  readonly log: Log;
  /** `reeve/<version>`: the name under which the server sees the agent. */
  readonly applicationName: string;
}

/** One exchange with a server, before anything was made of it. */
export interface ServerAnswer {
  /** The member, database or region that was asked; empty for the target. */
  readonly subject: string;
  /** What was asked, without values: the command, statement or path. */
  readonly request: string;
  /** Plain data that JSON can hold. */
  readonly answer: unknown;
}

/** Something the collector takes for granted about its server, tried on this one. */
export interface Assumption {
  /** What is assumed, in one sentence. */
  readonly statement: string;
  /** `untested`: this deployment has nothing to try it on. */
  readonly verdict: 'holds' | 'broken' | 'untested';
  /** What was seen, or why it could not be tried. */
  readonly evidence: string;
}

/** Reads one target. Only groups that are read apart are read while something else is. */
export interface Collector<M extends MetricTable = MetricTable, G extends string = string> {
  /**
   * Makes sure that there is a connection and says what is at its other end; cheap when there is one.
   *
   * @throws {CollectError} when the target cannot be collected at all.
   */
  open(signal: AbortSignal): Promise<ServerIdentity>;
  /**
   * Reads one group; needs `open` first.
   *
   * @throws {CollectError} when the group cannot be read; what it recorded until then is discarded.
   */
  read(group: G, context: GroupContext<M>): Promise<void>;
  /** Says what this target lacks; needs `open` first. */
  check(signal: AbortSignal): Promise<readonly CheckItem[]>;
  /** Tries what the readings take for granted, without changing anything; needs `open` first. For `npm run conformance`. */
  assumptions(signal: AbortSignal): Promise<readonly Assumption[]>;
  /** Ends background work and connections; safe to call twice and after a failed `open`. */
  close(): Promise<void>;
}

/** Reads one group, or one subject of it. */
export type GroupReader<M extends MetricTable = MetricTable> = (context: GroupContext<M>) => Promise<void>;

/** What a group reads into. */
export interface GroupContext<M extends MetricTable = MetricTable> extends Recorder<M> {
  /** Aborted at the deadline of the collection (of the reading, for a group that is read apart) and at shutdown. */
  readonly signal: AbortSignal;
  /** When the collection, or the reading apart, began, Unix time in milliseconds. May jump: for what people and other machines read. */
  readonly now: number;
  /** The same in milliseconds that only grow: for windows and rates. */
  readonly monotonicMs: number;
  /**
   * Reads one subject (a database, a member) of the group. When it fails, only what it recorded is discarded, the error is kept under
   * the subject's name, and the group is partial.
   */
  attempt(subject: string, read: GroupReader<M>): Promise<void>;
  /** Reports something about the server that an operator should mend. */
  find(finding: Finding): void;
  /** Keeps rows for reports and the API; a second call with the same kind adds to it. */
  detail(kind: string, rows: readonly DetailRow[]): void;
  /** Says that a cap left out this many rows (at least). */
  truncate(rows: number): void;
}

/** Lets the compiler check a manifest against the contract and forgets its types, so that engines can stand in one table. */
export function defineEngine<M extends MetricTable, G extends string, O>(engine: Engine<M, G, O>): Engine {
  return engine;
}
