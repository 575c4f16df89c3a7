import type { Config } from '../config/config.ts';
import { fingerprint } from '../config/fingerprint.ts';

/** The configuration the daemon works by; a reload replaces it. */
export interface ConfigInForce {
  readonly config: Config;
  /** Removes the secrets of this configuration and of the different one before it: its last collections may still fail. */
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
      // A reload that changes nothing is not the one after which the last collections fail.
      if (fingerprint(next) !== fingerprint(current)) previous = current;
      current = next;
    },
  };
}
