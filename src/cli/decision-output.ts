import { InvalidArgumentError, Option } from 'commander';
import { printable } from '../core/printable.ts';
import type { ControlAnswer } from '../core/remediation/control.ts';
import { type CliContext, type ExitCode, exitCodes, type GlobalOptions } from './context.ts';
import { type OpenedRemediation, openRemediation } from './open-remediation.ts';

/** Options of every command that decides something. */
export interface DecisionOptions extends GlobalOptions {
  readonly as?: string;
  readonly json?: boolean;
}

export function whoOption(): Option {
  return new Option(
    '--as <name>',
    "who you are, for the audit (default: the operating system's user)",
  ).argParser((name: string) => {
    if (/^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u.test(name)) return name;
    throw new InvalidArgumentError('write a name of at most 64 letters, digits, ., _, @ or -.');
  });
}

/**
 * Asks remediation for something and says what became of it: the answer is data, what goes with it is a note.
 *
 * @param whileStopped what happens next where no agent runs.
 */
export async function decide(
  options: DecisionOptions,
  context: CliContext,
  ask: (opened: OpenedRemediation, by: string) => Promise<ControlAnswer>,
  whileStopped: string,
): Promise<ExitCode> {
  await using opened = await openRemediation(options, context);
  const answer = await ask(opened, options.as ?? context.user);
  if (options.json === true) await context.writeData(`${JSON.stringify(answer, undefined, 2)}\n`);
  else if (answer.ok) await context.writeData(`${printable(answer.text)}\n`);
  if (!answer.ok) context.writeNote(`reeve: ${printable(answer.text)}\n`);
  else if (opened.agent === 'stopped') context.writeNote(`note: no agent is running here: ${whileStopped}\n`);
  return answer.ok ? exitCodes.ok : exitCodes.notFine;
}
