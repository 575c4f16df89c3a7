import type { JsonObject } from './json.ts';

/** What was seen, done or consulted; secrets and literals of user data never. */
export interface EvidenceDraft {
  /** `breach`, `catalogue`, `statistics`, `explain`, `practice`, `rehearsal`, `precheck`, `measurement`, `act`, `verification`, `test`, `advice`. */
  readonly kind: EvidenceKind;
  /** One line for a person. */
  readonly title: string;
  /** Figures and facts; at most 64 KiB as JSON. */
  readonly body: JsonObject;
}

export const evidenceKinds = [
  'breach',
  'catalogue',
  'statistics',
  'explain',
  'practice',
  'rehearsal',
  'precheck',
  'measurement',
  'act',
  'verification',
  'test',
  'advice',
] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

export interface Evidence extends EvidenceDraft {
  /** `e-` and the first sixteen hexadecimal digits of the SHA-256 of run, kind, title and body: the same evidence twice is one. */
  readonly id: string;
  readonly runId: string;
  readonly at: number;
}
