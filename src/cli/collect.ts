import { type Command, Option } from 'commander';
import { ApartTurns } from '../collect/apart-turns.ts';
import { LatestSnapshots } from '../collect/latest-snapshots.ts';
import { TargetWatch } from '../collect/target-watch.ts';
import { loadConfig } from '../config/load-config.ts';
import { formatDuration } from '../core/duration.ts';
import type { Engine } from '../core/engine.ts';
import { renderExposition } from '../export/render-exposition.ts';
import { createForgetfulStore } from '../store/forgetful-store.ts';
import { noTracing } from '../telemetry/tracing.ts';
import { collectorFactory } from './collector-factory.ts';
import { concurrently } from './concurrently.ts';
import { createConfigInForce } from './config-in-force.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions } from './context.ts';
import { durationOption } from './duration-option.ts';
import { openLog } from './open-log.ts';
import { paidGroupNotes } from './paid-groups.ts';
import { appendValue, selectTargets } from './select-targets.ts';
import { snapshotJson } from './snapshot-json.ts';

interface CollectOptions extends GlobalOptions {
  readonly target?: readonly string[];
  readonly format?: 'prometheus' | 'json';
  readonly json?: boolean;
  readonly window?: number;
  readonly timeout?: number;
  /** Reads groups that cost money too, once. */
  readonly paid?: boolean;
}

/** Slow groups are read too, so a reading may take longer than the daemon's. */
const defaultTimeoutMs = 30_000;

export function addCollect(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('collect')
    .description('take one reading of every target and print it')
    .option('--target <id>', 'only this target; may be repeated', appendValue)
    .addOption(new Option('--format <format>', 'prometheus unless --json').choices(['prometheus', 'json']))
    .option('--json', 'the same as --format json')
    .addOption(
      durationOption('--window <duration>', 'read twice, this long apart: rates and windowed ratios need it'),
    )
    .addOption(
      durationOption(
        '--timeout <duration>',
        'for each reading of a target (default: 30s, and for what is read apart its own)',
      ),
    )
    .option('--paid', 'also read, once, what costs money at every reading (see reeve check)')
    .addHelpText('after', '\nExit code 1 when a target could not be reached.')
    .action(async (_: unknown, command: Command) =>
      finish(await collect(command.optsWithGlobals<CollectOptions>(), context)),
    );
}

async function collect(options: CollectOptions, context: CliContext): Promise<ExitCode> {
  const { clock, random } = context;
  const engines = await context.loadEngines();
  const inForce = createConfigInForce(loadConfig({ path: options.config, env: context.env, engines }));
  const { config } = inForce;
  const log = await openLog(context, inForce, options.logLevel ?? 'error');
  const snapshots = new LatestSnapshots();
  const conceal = (secret: string) => inForce.conceal(secret);
  const createCollector = collectorFactory({ context, engines, store: createForgetfulStore(), log, conceal });
  const apartTurns = new ApartTurns();
  const targets = selectTargets(config, options.target);
  const watches = targets.map((configured) => {
    const { engine, create } = createCollector(configured);
    return new TargetWatch({
      target: { ...configured.target, deadlineMs: options.timeout ?? defaultTimeoutMs },
      engine: options.timeout === undefined ? engine : withinTimeout(engine, options.timeout),
      createCollector: create,
      publish: (snapshot) => snapshots.publish(snapshot),
      clock,
      random,
      log,
      tracing: noTracing,
      redact: (text) => inForce.redact(text),
      apartTurns,
    });
  });
  if (options.paid !== true) {
    for (const note of paidGroupNotes(targets, engines)) context.writeNote(`note: ${note}\n`);
  }
  try {
    await readAll(watches, config.collect.concurrency, options, context);
    await context.writeData(await render(snapshots, options, context));
  } finally {
    await Promise.allSettled(watches.map((watch) => watch.close()));
  }
  return report(
    watches.map(({ target }) => target.id),
    snapshots,
    context,
  );
}

/** The person who asks does not want to wait longer, for what is read apart neither. */
function withinTimeout(engine: Engine, timeoutMs: number): Engine {
  const groups = Object.entries(engine.groups).map(([name, group]) => {
    const { apartDeadlineMs } = group;
    const bounded = apartDeadlineMs !== undefined && {
      apartDeadlineMs: Math.min(apartDeadlineMs, timeoutMs),
    };
    return [name, { ...group, ...bounded }] as const;
  });
  return { ...engine, groups: Object.fromEntries(groups) };
}

async function readAll(
  watches: readonly TargetWatch[],
  limit: number,
  { window, paid = false }: CollectOptions,
  { clock, writeNote }: CliContext,
): Promise<void> {
  const forever = new AbortController().signal;
  const read = (isPaid: boolean) =>
    concurrently(watches, limit, (watch) => watch.collect(forever, { every: true, paid: isPaid }));
  await read(paid);
  if (window === undefined) {
    writeNote(
      'note: one reading was taken; rates and windowed ratios need two and are absent. Use --window 5s for two.\n',
    );
    return;
  }
  writeNote(`note: waiting ${formatDuration(window)} for the second reading\n`);
  await clock.sleep(window, forever);
  // What costs money is paid for once; the first reading of it is still told.
  await read(false);
}

async function render(
  snapshots: LatestSnapshots,
  { format, json }: CollectOptions,
  { clock }: CliContext,
): Promise<string> {
  if (json === true || format === 'json') {
    return `${JSON.stringify({ targets: snapshots.latest().map(snapshotJson) }, undefined, 2)}\n`;
  }
  return renderExposition(snapshots.latest(), clock);
}

/** Says on stderr what could not be read. */
function report(ids: readonly string[], snapshots: LatestSnapshots, { writeNote }: CliContext): ExitCode {
  const byId = new Map(snapshots.latest().map((snapshot) => [snapshot.target.id, snapshot]));
  let code: ExitCode = exitCodes.ok;
  for (const id of ids) {
    const snapshot = byId.get(id);
    if (snapshot?.up !== true) {
      const { code: reason = 'unknown', message = 'no collection ended' } = snapshot?.failure ?? {};
      writeNote(`${id}: not reached (${reason}): ${message}\n`);
      code = exitCodes.notFine;
    }
    for (const { group, errors } of snapshot?.readings ?? []) {
      for (const { subject, code: reason, message } of errors) {
        writeNote(
          `${id}: group ${group}${subject === '' ? '' : ` of ${subject}`} is unknown (${reason}): ${message}\n`,
        );
      }
    }
  }
  return code;
}
