import type { SnapshotChange, Snapshots } from '../core/ports/snapshots.ts';
import type { Snapshot } from '../core/snapshot.ts';

/** The latest snapshot of every target; each replaces its predecessor as a whole. */
export class LatestSnapshots implements Snapshots {
  readonly #byTarget = new Map<string, Snapshot>();
  readonly #listeners = new Set<(change: SnapshotChange) => void>();

  latest(): readonly Snapshot[] {
    return [...this.#byTarget.values()];
  }

  subscribe(listener: (change: SnapshotChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  publish(snapshot: Snapshot): void {
    this.#byTarget.set(snapshot.target.id, snapshot);
    this.#tell({ target: snapshot.target.id, snapshot });
  }

  remove(target: string): void {
    if (this.#byTarget.delete(target)) this.#tell({ target, snapshot: undefined });
  }

  #tell(change: SnapshotChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
