import type { Config } from '../config/config.ts';
import { fingerprint } from '../config/fingerprint.ts';
import { MetSecrets } from '../core/secret.ts';

/** The configuration the daemon works by; a reload replaces it. */
export interface ConfigInForce {
  readonly config: Config;
  /**
   * Removes the secrets of this configuration, of the different one before it (its last collections may still fail), and those met at
   * run time.
   */
  redact(text: string): string;
  /** Takes a secret that was met at run time. */
  conceal(secret: string): void;
  replace(next: Config): void;
}

export function createConfigInForce(first: Config): ConfigInForce {
  let current = first;
  let previous: Config | undefined;
  const met = new MetSecrets();
  return {
    get config() {
      return current;
    },
    redact: (text) => met.redact(current.redact(previous === undefined ? text : previous.redact(text))),
    conceal: (secret) => met.add(secret),
    replace: (next) => {
      // A reload that changes nothing is not the one after which the last collections fail.
      if (fingerprint(next) !== fingerprint(current)) previous = current;
      current = next;
    },
  };
}
