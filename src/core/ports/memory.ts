/** Small values that one target's collector remembers from one reading to the next and over restarts. */
export interface Memory {
  /** The value last written under this key; undefined when there is none. */
  read(key: string): string | undefined;
  /**
   * Remembers a text of at most 1 MiB; it is on disk within about a second.
   *
   * @throws {RangeError} when the text is longer.
   */
  write(key: string, value: string): void;
}
