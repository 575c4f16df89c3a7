import type { ConfiguredTarget } from '../config/config.ts';
import type { Engine } from '../core/engine.ts';
import { messageOf } from '../core/errors.ts';
import { objectives } from '../core/objective.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { ProofRecords } from '../core/ports/proof-records.ts';
import type { Store } from '../core/ports/store.ts';
import { proofMetrics } from '../core/proof-metrics.ts';
import type { Proof } from '../core/remediation/proof.ts';
import { createSample } from '../core/sample.ts';
import type { GroupReading } from '../core/snapshot.ts';
import type { LastEventAt } from '../evaluate/observe.ts';
import { ProofLedger } from '../evaluate/proof-ledger.ts';

export interface ProofsInput {
  readonly store: Pick<Store, 'proofs' | 'memory'>;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Proofs as judging needs them. */
export interface JudgedProofs {
  apply(targets: readonly ConfiguredTarget[]): void;
  readonly lastEventAt: LastEventAt;
  /** What was proven about a target, as a reading of group `proofs`; undefined where nothing is proven on its engine. */
  reading(target: string): GroupReading | undefined;
}

export interface Proofs extends JudgedProofs {
  /** The store's, which this agent is to save to: what it proves is judged at once. */
  readonly records: ProofRecords;
  /** Reads what was proven; a failure is logged once, and told by `reading` and `lastEventAt`. */
  refresh(): Promise<void>;
}

/** How often the proofs of other agents are looked for. */
export const refreshEveryMs = 30_000;
const hour = 3_600_000;
const day = 24 * hour;
/** Read at the start: older proofs are not asked for. */
const historyMs = 400 * day;
/** Read again and again, so that an agent whose clock is behind is heard too. */
const overlapMs = 6 * hour;
/** A store that has not answered for so long is unknown; one that misses a turn is not. */
const believedMs = 10 * 60_000;
const kinds = ['drill', 'migration', 'rollback'] as const satisfies readonly Proof['kind'][];
const { windowMs: defaultWindowMs = 90 * day } = objectives.migration_rollback_success_ratio;
const expectedKey = 'drills expected since';

interface ProvingTarget {
  readonly rollbackWindowMs: number;
  /** Of its backups. */
  readonly chains: ReadonlySet<string>;
  /** Since when drills are expected, Unix time in milliseconds; undefined where no backups are configured. */
  readonly expectedSince: number | undefined;
}

/** Keeps in memory what was proven, so that judging waits for nothing: read at the start, when this agent saves, and twice a minute. */
export function createProofs({ store, engines, clock, log }: ProofsInput): Proofs {
  const targets = new Map<string, ProvingTarget>();
  const { ledger, refresh, problem } = createView(store.proofs, clock, log);
  return {
    refresh,
    records: {
      proofs: (filter) => store.proofs.proofs(filter),
      async saveProof(proof) {
        await store.proofs.saveProof(proof);
        ledger.add(proof);
      },
    },
    apply(configured) {
      targets.clear();
      for (const one of configured) {
        const proving = provingTarget(one, engines.get(one.target.engine), store, clock.now());
        if (proving !== undefined) targets.set(one.target.id, proving);
      }
    },
    lastEventAt: ({ target, objective, subject }) => {
      if (objective !== 'restore_test_age_seconds') return undefined;
      return problem() === undefined
        ? ledger.restoredAt(target, subject, targets.get(target)?.chains)
        : 'unknown';
    },
    reading(target) {
      const proving = targets.get(target);
      if (proving === undefined) return undefined;
      const now = clock.now();
      const why = problem();
      if (why !== undefined) return failedReading(now, why);
      const { expectedSince, rollbackWindowMs } = proving;
      const samples = ledger.samples(target, { now, rollbackWindowMs });
      const { drillExpectedSince } = proofMetrics;
      const expected =
        expectedSince === undefined ? [] : [createSample(drillExpectedSince, expectedSince / 1_000, {})];
      return { ...emptyReading(now), state: 'ok', samples: [...expected, ...samples] };
    },
  };
}

/** What the store holds, as it was when it could be read last. */
interface View {
  readonly ledger: ProofLedger;
  readonly refresh: () => Promise<void>;
  /** Why it is not known; undefined while it is. */
  readonly problem: () => string | undefined;
}

function createView(records: ProofRecords, clock: Clock, log: Log): View {
  const ledger = new ProofLedger();
  let readAt: { readonly monotonicMs: number; readonly now: number } | undefined;
  let said = 'they were not read yet';
  const load = async (): Promise<void> => {
    const now = clock.now();
    const since = readAt === undefined ? now - historyMs : Math.min(readAt.now, now) - overlapMs;
    // Another agent may write that a person took note of an older loss.
    const migrationsSince = Math.min(since, ledger.oldestOpenLossAt() ?? since);
    for (const kind of kinds) {
      const proofs = await records.proofs({ kind, since: kind === 'migration' ? migrationsSince : since });
      for (const proof of proofs) ledger.add(proof);
    }
    readAt = { monotonicMs: clock.monotonicMs(), now };
  };
  return {
    ledger,
    async refresh() {
      try {
        await load();
        said = '';
      } catch (error) {
        const message = messageOf(error);
        if (message !== said) log.error('proofs of drills and migrations cannot be read', { error });
        said = message;
      }
    },
    problem() {
      if (readAt !== undefined && clock.monotonicMs() - readAt.monotonicMs < believedMs) return undefined;
      return said === '' ? 'it does not answer' : said;
    },
  };
}

function provingTarget(
  { target, options, objectives: inForce }: ConfiguredTarget,
  engine: Engine | undefined,
  { memory }: Pick<Store, 'memory'>,
  now: number,
): ProvingTarget | undefined {
  const proves = engine?.proves ?? [];
  if (proves.length === 0) return undefined;
  const objective = inForce.find(({ id }) => id === 'migration_rollback_success_ratio');
  const chains = chainsOf(options);
  const isExpected = proves.includes('restore') && chains.size > 0;
  return {
    rollbackWindowMs: objective?.windowMs ?? defaultWindowMs,
    chains,
    expectedSince: isExpected ? rememberedSince(memory(target.id), now) : undefined,
  };
}

/** Engines call it the same: chains by name. */
function chainsOf(options: unknown): ReadonlySet<string> {
  if (typeof options !== 'object' || options === null || !('backups' in options)) return new Set();
  const { backups } = options;
  return new Set(typeof backups === 'object' && backups !== null ? Object.keys(backups) : []);
}

/** So that a drill that never ran is overdue in time, whatever restarts meanwhile. */
function rememberedSince(memory: ReturnType<Store['memory']>, now: number): number {
  const known = Number(memory.read(expectedKey) ?? Number.NaN);
  if (Number.isFinite(known) && known <= now) return known;
  memory.write(expectedKey, String(now));
  return now;
}

function emptyReading(at: number): Omit<GroupReading, 'state'> {
  return {
    group: 'proofs',
    at,
    durationMs: 0,
    errors: [],
    samples: [],
    findings: [],
    details: {},
    truncatedRows: 0,
  };
}

function failedReading(at: number, problem: string): GroupReading {
  const message = `what was proven cannot be read from the store: ${problem}`;
  return { ...emptyReading(at), state: 'failed', errors: [{ subject: '', code: 'unreachable', message }] };
}
