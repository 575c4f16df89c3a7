import { programPath } from '../debian.ts';
import { runCommand } from '../run-command.ts';

export interface AmtoolResult {
  readonly ok: boolean;
  /** Everything it printed. */
  readonly output: string;
}

/** `amtool check-config` on a file: syntax, receivers, templates. */
export function checkConfig(file: string): Promise<AmtoolResult> {
  return runAmtool(['check-config', file]);
}

/** The receivers that an alert with these labels reaches, in the order of the routes. */
export async function receiversOf(
  file: string,
  labels: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const { ok, output } = await runAmtool(['config', 'routes', 'test', `--config.file=${file}`, ...matchers]);
  if (!ok) throw new Error(`amtool: ${output}`);
  // Warnings come before the answer.
  const answer = output.split('\n').at(-1) ?? '';
  return answer.split(',').map((name) => name.trim());
}

async function runAmtool(args: readonly string[]): Promise<AmtoolResult> {
  const { code, stdout, stderr } = await runCommand(programPath('amtool'), args);
  return { ok: code === 0, output: `${stderr}${stdout}`.trim() };
}
