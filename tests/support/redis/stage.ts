import { stringify } from 'yaml';
import { parseConfig } from '../../../src/config/load-config.ts';
import type { Engine } from '../../../src/core/engine.ts';
import type { EvidenceDraft } from '../../../src/core/remediation/evidence.ts';
import type { Operations } from '../../../src/core/remediation/operations.ts';
import type { Act, Plan, PlanDraft } from '../../../src/core/remediation/plan.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import { createMemoryHistory } from '../../../src/store/memory-history.ts';
import { createSystemClock } from '../../../src/telemetry/clock.ts';
import { createRecordingLog } from '../recording-log.ts';
import { type Watching, watchTarget } from '../watching.ts';
import type { RedisServer } from './server.ts';

const password = 'stage-password';

/** Users of redis.conf: the login that collects and the one that acts, with the rules the product tells people to give them. */
export function stageUsers(collecting: string, acting: string): readonly string[] {
  return [`reeve on >${password} ${collecting}`, `reeve_acts on >${password} ${acting}`];
}

export interface StageOptions {
  readonly engine: Engine;
  readonly server: Pick<RedisServer, 'urlFor'>;
  /** Keys of the target beside its URL. */
  readonly target?: Readonly<Record<string, unknown>>;
  /** Undefined: none are configured. */
  readonly credentials?: string | undefined;
  readonly scratch?: string;
  /** Secrets beside the URL's. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Stage extends AsyncDisposable {
  readonly operations: Operations;
  readonly evidence: EvidenceDraft[];
  readonly watching: Watching;
  readonly context: {
    readonly signal: AbortSignal;
    readonly runId: string;
    readonly evidence: (draft: EvidenceDraft) => void;
  };
  readonly actContext: Stage['context'] & {
    readonly sessionName: string;
    readonly assertHeld: () => Promise<void>;
  };
  /** Collects, so that windows and rates are known. */
  collect(): Promise<Snapshot>;
}

/** Operations on a server, configured as an operator would. */
export async function createStage(options: StageOptions): Promise<Stage> {
  const { engine, server } = options;
  const own = { url: { env: 'URL' }, biggestKeys: { enabled: false }, ...options.target };
  const env = { URL: server.urlFor('reeve', password), ...options.env };
  const watching = watchTarget({ engine, target: own, env });
  const text = stringify({ targets: [{ id: 'watched', engine: 'redis', ...own }] });
  const [configured] = parseConfig(text, {
    path: 'reeve.yaml',
    env,
    engines: new Map([['redis', engine]]),
  }).targets;
  if (configured === undefined) throw new Error('no target');
  let latest: Snapshot | undefined;
  const acting = 'credentials' in options ? options.credentials : server.urlFor('reeve_acts', password);
  const evidence: EvidenceDraft[] = [];
  const operations = await engine.createOperations?.({
    target: configured.target,
    options: configured.options,
    credentials: acting === undefined ? undefined : new Secret(acting),
    policy: { lockTimeoutMs: 1_000, minimumImprovement: 0.2 },
    history: createMemoryHistory(),
    clock: createSystemClock(),
    random: () => 0.5,
    log: createRecordingLog(),
    scratch: options.scratch ?? '/nowhere',
    applicationName: 'reeve/test',
    snapshot: () => latest,
    conceal: () => undefined,
  });
  if (operations === undefined) throw new Error('the engine has no operations');
  const context = {
    signal: new AbortController().signal,
    runId: 'r-1',
    evidence: (draft: EvidenceDraft) => void evidence.push(draft),
  };
  return {
    operations,
    evidence,
    watching,
    context,
    actContext: { ...context, sessionName: 'reeve/test run=r-1', assertHeld: async () => undefined },
    collect: async () => {
      latest = await watching.collect();
      return latest;
    },
    [Symbol.asyncDispose]: async () => {
      await operations.close();
      await watching[Symbol.asyncDispose]();
    },
  };
}

/** A plan as the core would store it; hash and evidence do not matter to an engine. */
export function asPlan(draft: PlanDraft): Plan {
  return {
    ...draft,
    runId: 'r-1',
    caps: { largestObjectBytes: null, lockTimeoutMs: 1_000, soakMs: 1_000, changesPerDay: 1 },
    rehearsal: { on: '', verdict: 'simulated', text: '', rows: {}, figures: {} },
    evidence: [],
    createdAt: 0,
    expiresAt: 1,
    hash: 'h',
  };
}

export function firstAct(plan: PlanDraft): Act {
  const [act] = plan.acts;
  if (act === undefined) throw new Error('the plan has no act');
  return act;
}
