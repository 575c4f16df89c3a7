import type { Snapshot } from '../snapshot.ts';

/** A target has a new snapshot, or (without one) is no longer watched. */
export interface SnapshotChange {
  readonly target: string;
  readonly snapshot: Snapshot | undefined;
}

/** The latest snapshot of every target. */
export interface Snapshots {
  latest(): readonly Snapshot[];
  /** Calls the listener after each change, synchronously and in order; returns what ends it. */
  subscribe(listener: (change: SnapshotChange) => void): () => void;
}
