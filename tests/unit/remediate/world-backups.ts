import type { BackupFound, BackupOperations, DrillReport } from '../../../src/core/remediation/backups.ts';
import type { Refusal } from '../../../src/core/remediation/operations.ts';
import type { FakeClock } from '../../support/fake-clock.ts';

/** The backups of the world, and what tests turn about them. */
export interface FakeBackups {
  chains: readonly string[];
  found: BackupFound[];
  listFails: string | undefined;
  /** What the next drills come to; then they succeed. */
  readonly next: (Partial<DrillReport> | 'throws' | 'hangs' | 'full')[];
  /** What was restored, in order. */
  readonly restored: string[];
  /** Scratch servers that run now, by folder. */
  readonly servers: Set<string>;
  /** Servers that ran at the same time at most. */
  mostServers: number;
  taken: number;
  takeAnswer: Refusal | undefined;
  /** Whether it offers `drill`. */
  drills: boolean;
}

const hour = 3_600_000;

export function foundBackup(change: Partial<BackupFound> = {}): BackupFound {
  return {
    chain: 'nightly',
    kind: 'pg_dump',
    name: 'orders-1.dump',
    takenAt: Date.UTC(2026, 10, 25, 3),
    recoverableUntil: Date.UTC(2026, 10, 25, 3),
    bytes: 1024 ** 3,
    databases: ['orders'],
    health: 'ok',
    detail: 'manifest is whole',
    isRetained: true,
    ...change,
  };
}

export function createFakeBackups(): FakeBackups {
  return {
    chains: ['nightly'],
    found: [foundBackup()],
    listFails: undefined,
    next: [],
    restored: [],
    servers: new Set(),
    mostServers: 0,
    taken: 0,
    takeAnswer: undefined,
    drills: true,
  };
}

/** Backups of one target of the world. Restoring takes a minute. */
export function backupOperationsOf(backups: FakeBackups, clock: FakeClock): BackupOperations {
  const drill: BackupOperations['drill'] = async (
    { chain, backup },
    { folder, onStep, signal, evidence },
  ) => {
    const next = backups.next.shift();
    const found = backups.found.find((each) => each.chain === chain && each.name === backup);
    if (backups.servers.has(folder)) throw new Error('a server runs there already');
    backups.servers.add(folder);
    backups.mostServers = Math.max(backups.mostServers, backups.servers.size);
    onStep('restore');
    await clock.sleep(next === 'hangs' ? 1_000 * hour : 30_000, signal);
    if (next === 'throws') throw new Error('password hunter2hunter2 is wrong');
    if (next === 'full') return reportOf(found, { verdict: 'failed', text: 'no space left on device' });
    onStep('verify');
    await clock.sleep(30_000, signal);
    evidence({ kind: 'statistics', title: 'rows', body: { orders: 10 } });
    backups.restored.push(`${chain}/${backup}`);
    return reportOf(found, typeof next === 'object' ? next : {});
  };
  return {
    get chains() {
      return backups.chains;
    },
    places: ['/backups'],
    list: async () => {
      if (backups.listFails !== undefined) throw new Error(backups.listFails);
      return backups.found;
    },
    take: async () => {
      if (backups.takeAnswer !== undefined) return backups.takeAnswer;
      backups.taken += 1;
      const made = foundBackup({ name: `taken-${backups.taken}.dump`, takenAt: clock.now() });
      backups.found.unshift(made);
      return made;
    },
    ...(backups.drills ? { drill } : {}),
    discard: async (folder) => void backups.servers.delete(folder),
    strategy: () => ({ summary: '', files: [], configLines: [], next: [] }),
  };
}

function reportOf(backup: BackupFound | undefined, change: Partial<DrillReport>): DrillReport {
  return {
    verdict: 'verified',
    text: 'restored and compared',
    backup,
    subjects: ['orders'],
    steps: [{ name: 'restore', command: 'pg_restore -d <database>', durationMs: 30_000, detail: '' }],
    checks: [{ name: 'rows of orders', verdict: 'passed', detail: '10 of 10' }],
    recoveryMs: 60_000,
    lossMs: 9 * hour,
    place: 'a server of its own',
    figures: {},
    ...change,
  };
}
