/** What a benchmark is handed. */
export interface Run {
  /** Short phases, to see that it works. */
  readonly isQuick: boolean;
  /** Progress, on stderr. */
  readonly say: (message: string) => void;
}
