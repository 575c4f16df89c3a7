/** Small values that one target's collector remembers from one reading to the next and over restarts. */
export interface Memory {
  /** The value last written under this key; undefined when there is none. */
  read(key: string): string | undefined;
  /**
   * Remembers a text of at most 1 MiB; it is on disk within about a second, or, with `now`, when this returns, so that not even a process
   * that is killed forgets it; on a server, as soon as that answers. A disk that refuses is tried again.
   *
   * @throws {RangeError} when the text is longer.
   */
  write(key: string, value: string, when?: 'now'): void;
}
