import { parseArgs } from 'node:util';
import { formatDuration, parseDurationMs } from '../../src/core/duration.ts';

export interface ConformanceOptions {
  readonly engine: string;
  /** Where the deployment is; undefined when the target stands in a configuration file. */
  readonly uri: string | undefined;
  /** A configuration file, and which of its targets. */
  readonly config: { readonly path: string; readonly target: string | undefined } | undefined;
  readonly rounds: number;
  readonly pauseMs: number;
  /** Groups that cost money are read too. */
  readonly paid: boolean;
  /** Folder for the servers' answers; undefined records nothing. */
  readonly record: string | undefined;
  readonly json: boolean;
}

export type Arguments =
  | { readonly kind: 'run'; readonly options: ConformanceOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

export const usage = `Usage: npm run conformance -- ENGINE URI [options]
       npm run conformance -- ENGINE --config reeve.yaml [--target ID] [options]

Runs the collector of ENGINE against a deployment of yours, reads every group several times, and says which of the
declared metrics came, which did not and why, and whether what the collector takes for granted holds there. It reads
only what \`reeve run\` reads, and changes nothing.

  URI              as for \`reeve init\`, such as mongodb://reeve@db1/admin; env:NAME takes it from that environment
                   variable, so that the password stays out of the shell's history. Where the URI holds no secret
                   (Cosmos DB by key), REEVE_SECRET does
  --config FILE    a target that is configured already; --target ID when the file has several
  --rounds N       readings of every group, at least 2 (default: 3)
  --pause TIME     between two readings (default: 5s)
  --paid           read groups that cost money too
  --record FOLDER  keep the servers' answers there, secrets removed, one JSON file a request; names of databases,
                   collections, hosts and users stay in them: read them before you share them
  --json           print the report as JSON
  --help           this text

Exit code 0: conforms. 1: something is broken or could not be read. 2: the command line cannot be used.
`;

const defaults = { rounds: 3, pauseMs: 5_000 };

export function parseArguments(args: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        target: { type: 'string' },
        rounds: { type: 'string' },
        pause: { type: 'string' },
        paid: { type: 'boolean' },
        record: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { kind: 'help' };
    const [engine, uri, ...more] = positionals;
    if (engine === undefined) return wrong('name an engine, such as mongodb');
    if (more.length > 0) return wrong(`one URI at a time, not also ${more.length} more`);
    if ((uri === undefined) === (values.config === undefined)) return wrong('give either a URI or --config');
    const rounds = Number(values.rounds ?? defaults.rounds);
    if (!Number.isInteger(rounds) || rounds < 2) return wrong('--rounds needs a whole number of 2 or more');
    const pauseMs = values.pause === undefined ? defaults.pauseMs : parseDurationMs(values.pause);
    if (pauseMs === undefined)
      return wrong(`--pause needs a duration such as ${formatDuration(defaults.pauseMs)}`);
    return {
      kind: 'run',
      options: {
        engine,
        uri,
        config: values.config === undefined ? undefined : { path: values.config, target: values.target },
        rounds,
        pauseMs,
        paid: values.paid === true,
        record: values.record,
        json: values.json === true,
      },
    };
  } catch (error) {
    // parseArgs throws a TypeError that names the argument it does not know.
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

function wrong(message: string): Arguments {
  return { kind: 'wrong', message };
}
