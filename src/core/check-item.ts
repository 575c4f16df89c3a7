/** Something a target lacks, and what that costs. */
export interface CheckItem {
  /** `fatal`: cannot be collected at all. `blind`: some values stay unknown. `advice`: works, could be better or safer. */
  readonly severity: 'fatal' | 'blind' | 'advice';
  /** A database, a member, a role; empty for the target as a whole. */
  readonly subject: string;
  /** What is missing, in one sentence. */
  readonly message: string;
  /** The exact statements or settings that mend it, ready to paste; what is neither stands on a line of its own behind the mark that begins a comment there: `-- `, `# ` or `// `. Empty when nothing mends it. */
  readonly remedy: string;
  /** Groups that are unknown or incomplete without it. */
  readonly groups: readonly string[];
  /** Metric keys, where only some of the groups' metrics are affected. */
  readonly metrics?: readonly string[];
}
