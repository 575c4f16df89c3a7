import type { Config } from '../config/config.ts';
import type { Engine } from '../core/engine.ts';
import type { CliContext, GlobalOptions } from './context.ts';

/** What opens the store while no daemon answers. */
export interface StoredInput {
  readonly config: Config;
  readonly engines: ReadonlyMap<string, Engine>;
  readonly context: CliContext;
  readonly options: GlobalOptions;
}
