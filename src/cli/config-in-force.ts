import type { Config } from '../config/config.ts';

/** The configuration the daemon works by; a reload replaces it. */
export interface ConfigInForce {
  readonly config: Config;
  /** Removes the secrets of this configuration and of the one before it: its last collections may still fail. */
  redact(text: string): string;
  replace(next: Config): void;
}

export function createConfigInForce(first: Config): ConfigInForce {
  let current = first;
  let previous: Config | undefined;
  return {
    get config() {
      return current;
    },
    redact: (text) => current.redact(previous === undefined ? text : previous.redact(text)),
    replace: (next) => {
      previous = current;
      current = next;
    },
  };
}
