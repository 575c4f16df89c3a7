import { programPath } from '../debian.ts';
import { runCommand } from '../run-command.ts';

export interface PromtoolResult {
  readonly ok: boolean;
  /** Everything it printed: problems go to stderr, summaries to stdout. */
  readonly output: string;
}

/** `promtool check metrics` on a page in the text format (not OpenMetrics): syntax, and the linter's advice on names and help. */
export function checkMetrics(page: string): Promise<PromtoolResult> {
  return runPromtool(['check', 'metrics'], page);
}

/** `promtool check rules` on files. */
export function checkRules(paths: readonly string[]): Promise<PromtoolResult> {
  return runPromtool(['check', 'rules', '--lint=all', '--lint-fatal', ...paths]);
}

/** `promtool test rules` on a file of tests. */
export function testRules(path: string): Promise<PromtoolResult> {
  return runPromtool(['test', 'rules', path]);
}

/** Any promtool command. */
async function runPromtool(args: readonly string[], input = ''): Promise<PromtoolResult> {
  const { code, stdout, stderr } = await runCommand(programPath('promtool'), args, { input });
  return { ok: code === 0, output: `${stderr}${stdout}`.trim() };
}
