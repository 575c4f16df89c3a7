import { parseArgs } from 'node:util';
import { formatDuration, parseDurationMs } from '../src/core/duration.ts';

export interface DemoOptions {
  /** The time the demo may take in all, from the start of its process; undefined until somebody ends it. */
  readonly forMs: number | undefined;
}

export type Arguments =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

export const usage = `Usage: npm run demo [-- --for DURATION]

Starts PostgreSQL with a standby, another one that Reeve may change and one to rehearse on, Redis with a replica,
and doubles that play MongoDB, Cosmos DB and BigQuery; works on them, watches them with Reeve, shows what Reeve
measures, and approves two changes as an operator would. A double is not the real thing, and is named as one
wherever it shows. Everything runs on 127.0.0.1 in one temporary folder and is gone when the demo
ends.

  --for DURATION   end by itself after this time in all, such as 30s or 2m; until Ctrl-C otherwise
  --help           this text
`;

/** Starting and stopping the servers alone takes about this long. */
const shortestMs = 5_000;

export function parseArguments(args: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { for: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) return { kind: 'help' };
    if (values.for === undefined) return { kind: 'run', options: { forMs: undefined } };
    const forMs = parseDurationMs(values.for);
    if (forMs === undefined)
      return { kind: 'wrong', message: `--for needs a duration such as 30s or 2m, not "${values.for}"` };
    if (forMs < shortestMs)
      return { kind: 'wrong', message: `--for needs ${formatDuration(shortestMs)} or more` };
    return { kind: 'run', options: { forMs } };
  } catch (error) {
    // parseArgs throws a TypeError that names the argument it does not know.
    return { kind: 'wrong', message: error instanceof Error ? error.message : String(error) };
  }
}
