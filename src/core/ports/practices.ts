/** Best practices to read beside a plan. Untrusted text: shown, never obeyed; its absence blocks nothing. */
export interface Practices {
  /** Never throws; empty when nothing is known. Topics are generic, never SQL or names of a schema. */
  consult(question: PracticeQuestion, signal: AbortSignal): Promise<readonly Practice[]>;
}

export interface PracticeQuestion {
  readonly engine: string;
  /** As the server prints it; undefined where it is not known. */
  readonly version: string | undefined;
  readonly topic: PracticeTopic;
}

export const practiceTopics = [
  'dropping unused indexes',
  'creating indexes without blocking writes',
  'rebuilding invalid indexes',
  'hiding indexes before dropping',
  'optimising slow queries',
  'slow commands and data structures',
  'safe schema migrations',
  'backup and restore strategies',
  'caching patterns and invalidation',
  'partitioning and clustering',
  'provisioning throughput',
  'choosing partition keys and consistency',
  'bounding storage growth',
] as const;
export type PracticeTopic = (typeof practiceTopics)[number];

export interface Practice {
  /** `offline notes of Reeve` or `Context7 /websites/postgresql`. */
  readonly source: string;
  readonly text: string;
  /** When it was fetched, Unix time in milliseconds; of our own notes, when they were written. */
  readonly at: number;
  /** The source could not be asked now; this is what it said at `at`. */
  readonly stale: boolean;
}
