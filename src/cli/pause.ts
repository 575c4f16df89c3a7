import type { Command } from 'commander';
import type { CliContext, ExitCode } from './context.ts';
import { type DecisionOptions, decide, whoOption } from './decision-output.ts';

interface PauseOptions extends DecisionOptions {
  readonly reason: string;
  readonly abort?: boolean;
}

export function addPause(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('pause')
    .description('stop remediation on all targets: nothing new is done until `resume`')
    .option('--reason <text>', 'why; shown to whoever asks', '')
    .option('--abort', 'also interrupt the acts that run now; taking changes back stays allowed')
    .addOption(whoOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nCollecting, judging and exporting go on. remediation.pauseFile does the same while that file exists.',
    )
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<PauseOptions>();
      const { reason, abort = false } = options;
      const ask = decide(
        options,
        context,
        ({ control }, by) => control.pause(by, reason, abort),
        pausedLater,
      );
      finish(await ask);
    });
}

export function addResume(program: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  program
    .command('resume')
    .description('let remediation go on after `pause`')
    .addOption(whoOption())
    .option('--json', 'print JSON')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DecisionOptions>();
      const ask = decide(
        options,
        context,
        async ({ control }, by) => {
          const answer = await control.resume(by);
          const { pauseFile } = await control.status();
          if (pauseFile !== undefined)
            context.writeNote(`note: the file ${pauseFile} still pauses remediation: remove it\n`);
          return answer;
        },
        resumedLater,
      );
      finish(await ask);
    });
}

const pausedLater = 'the next one starts paused';
const resumedLater = 'the next one starts with remediation switched on';
