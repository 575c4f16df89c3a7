import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { parseConfig } from '../config/load-config.ts';
import type { Engine } from '../core/engine.ts';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.ts';
import { planStarter, renderStarter, type StarterTarget, type StarterUse } from './starter-config.ts';

interface InitOptions {
  readonly out?: string;
  readonly force?: boolean;
}

export function addInit(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('init')
    .description(
      'write a commented starter configuration; secrets are referenced by environment variable, never inline',
    )
    .argument(
      '<urls...>',
      'databases, such as postgres://reeve@db1/orders, redis://cache1 or bigquery://project?region=eu',
    )
    .option('--out <file>', 'write to this file instead of stdout')
    .option('--force', 'replace the file')
    .addHelpText(
      'after',
      `\nExample:\n  ${context.command} init postgres://reeve@db1/orders redis://cache1 > reeve.yaml`,
    )
    .action(async (urls: readonly string[], options: InitOptions) =>
      finish(await init(urls, options, context)),
    );
}

async function init(
  urls: readonly string[],
  { out, force }: InitOptions,
  context: CliContext,
): Promise<ExitCode> {
  const engines = await context.loadEngines();
  const targets = planStarter(urls, engines);
  const file = out ?? 'reeve.yaml';
  const text = renderStarter(targets, { file, command: context.command });
  checkStarter(targets, file, context, engines);
  if (out === undefined) await context.writeData(text);
  else writeStarter(out, text, force === true);
  context.writeNote(nextSteps(targets, { file, command: context.command }));
  return exitCodes.ok;
}

/**
 * What is written must be usable: the same loader that `run` uses reads it back. Secrets other than URLs are not known here, so targets
 * that need one are not tried.
 */
function checkStarter(
  targets: readonly StarterTarget[],
  file: string,
  { command }: CliContext,
  engines: ReadonlyMap<string, Engine>,
): void {
  const tried = targets.filter(({ hasUrl, secret }) => hasUrl || secret === undefined);
  if (tried.length === 0) return;
  const env = Object.fromEntries(tried.map(({ variable, url }) => [variable, url]));
  parseConfig(renderStarter(tried, { file, command }), { path: file, env, engines });
}

function writeStarter(path: string, text: string, force: boolean): void {
  if (existsSync(path) && !force) throw new UsageError(`${path} exists; --force replaces it`);
  writeFileSync(path, text, { mode: 0o644 });
}

function nextSteps(targets: readonly StarterTarget[], { command, file }: StarterUse): string {
  const secrets = targets.flatMap(({ variable, secret }) =>
    secret === undefined ? [] : [`     export ${variable}='${secret.replaceAll("'", "'\\''")}'`],
  );
  const steps = [
    ...(secrets.length === 0
      ? []
      : [['give what is secret in the environment, URLs with the password of their login:', ...secrets]]),
    [`${command} check -c ${file}`],
    [`${command} run -c ${file}`],
  ];
  const numbered = steps.flatMap(([first = '', ...rest], index) => [`  ${index + 1}. ${first}`, ...rest]);
  return ['Next:', ...numbered, ''].join('\n');
}
