import type { StoreLocation } from '../config/config.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { ObjectiveRecords } from '../core/ports/objective-records.ts';
import type { ProofRecords } from '../core/ports/proof-records.ts';
import type { RemediationReads } from '../core/ports/remediation-records.ts';
import type { Store } from '../core/ports/store.ts';
import { lockAgentFolder } from '../store/agent-folder.ts';
import { openObjectiveRecords } from '../store/sqlite/open-objective-records.ts';
import { openRemediationRecords } from '../store/sqlite/open-remediation-records.ts';
import { openStore } from '../store/sqlite/open-store.ts';

export interface OpenStoreOfInput {
  readonly clock: Clock;
  readonly log: Log;
  /** Called for every write that failed. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Opens the store of an agent that runs: on PostgreSQL where `store.url` is configured, embedded otherwise.
 *
 * @throws {StoreError} with what to do.
 */
export async function openStoreOf(location: StoreLocation, input: OpenStoreOfInput): Promise<Store> {
  if (location.url === undefined) return openStore({ path: location.path, ...input });
  const folder = lockAgentFolder(location.path);
  try {
    const store = await openShared(location, input);
    const close = (): Promise<void> => store.close().finally(() => folder[Symbol.dispose]());
    return { ...store, close };
  } catch (thrown) {
    folder[Symbol.dispose]();
    throw thrown;
  }
}

/**
 * Opens the store for a command that writes a decision down while no agent runs here. The embedded one is locked meanwhile; the shared one
 * is not, because its agents and this command see each other's decisions.
 *
 * @throws {StoreError} with what to do.
 */
export async function openStoreToDecide(location: StoreLocation, input: OpenStoreOfInput): Promise<Store> {
  return location.url === undefined
    ? openStore({ path: location.path, ...input })
    : openShared(location, input);
}

/** What was kept, to be read only. */
export interface KeptStore extends AsyncDisposable {
  /** An agent has it open: always false of a shared one, which any number may have open. */
  readonly isInUse: boolean;
  readonly objectives: Pick<ObjectiveRecords, 'states' | 'breaches' | 'events' | 'daily'>;
  readonly remediation: RemediationReads;
  readonly proofs: Pick<ProofRecords, 'proofs'>;
}

/**
 * Reads what was kept: nothing is locked, made or brought up to date. Undefined where nothing was kept.
 *
 * @throws {StoreError} with what to do.
 */
export async function readStoreOf(
  location: StoreLocation,
  input: OpenStoreOfInput,
): Promise<KeptStore | undefined> {
  const { url } = location;
  if (url !== undefined) {
    const { openPostgresStoreToRead } = await import('../store/postgres/open-store.ts');
    const kept = await openPostgresStoreToRead({ url, ...input });
    return kept && { isInUse: false, ...kept };
  }
  const objectives = openObjectiveRecords({ path: location.path, ...input });
  if (objectives === undefined) return undefined;
  const remediation = openRemediationRecords(location);
  const close = async (): Promise<void> => {
    objectives[Symbol.dispose]();
    remediation?.[Symbol.dispose]();
  };
  if (remediation === undefined) {
    await close();
    return undefined;
  }
  const { isInUse } = objectives;
  return {
    isInUse,
    objectives: objectives.records,
    remediation: remediation.records,
    proofs: remediation.proofs,
    [Symbol.asyncDispose]: close,
  };
}

/** Loaded only where it is configured, with its driver. */
async function openShared({ url }: StoreLocation, input: OpenStoreOfInput): Promise<Store> {
  const { openPostgresStore } = await import('../store/postgres/open-store.ts');
  if (url === undefined) throw new Error('there is no store.url');
  return openPostgresStore({ url, ...input });
}
