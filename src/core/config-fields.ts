import type { z } from 'zod';
import type { Secret } from './secret.ts';

/**
 * Building blocks for the options of an engine. The configuration room makes them, because they read the environment and files and
 * say precisely what is wrong; engines compose them.
 */
export interface ConfigFields {
  /** `15s`, `2m`, `100d`; parsed to milliseconds. */
  duration(limits?: { readonly minMs?: number; readonly maxMs?: number }): z.ZodType<number>;
  /** `64KiB`, `5GB`; parsed to bytes. */
  size(limits?: { readonly minBytes?: number; readonly maxBytes?: number }): z.ZodType<number>;
  /** `{ env: NAME }` or `{ file: PATH }`; a literal is refused. */
  secret(): z.ZodType<Secret>;
  /**
   * As `secret`, for a text that holds secrets among other things, such as a connection string or a key file: `parts` gives those that
   * must appear nowhere, beside the text as a whole. What `problem` says about a text refuses
   * it: it follows the name of what holds the text (`is not JSON`) and must not quote it.
   */
  secretText(about: {
    readonly parts: (text: string) => readonly string[];
    readonly problem?: (text: string) => string | undefined;
  }): z.ZodType<Secret>;
  /** As `secret`, and a literal is accepted as long as it holds no password. The value must be a URL of one of these protocols. */
  secretUrl(protocols: readonly string[]): z.ZodType<Secret>;
  /** A path, relative to the configuration file; parsed to an absolute one. */
  path(): z.ZodType<string>;
}
