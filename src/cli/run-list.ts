import { printable } from '../core/printable.ts';
import type { RemediationStatus } from '../core/remediation/control.ts';
import type { Run } from '../core/remediation/run.ts';
import { durationText, momentText } from '../core/remediation/run-report-text.ts';
import type { CommandLine } from './command-line.ts';
import { count } from './report-text.ts';
import { alignRows, shorten } from './text-table.ts';

export interface RunListOptions {
  readonly status: RemediationStatus;
  readonly agent: 'running' | 'stopped';
  /** Unix time in milliseconds. */
  readonly now: number;
  readonly commandOf: CommandLine;
  /** Whether all were asked for that there are. */
  readonly isWhole: boolean;
}

const subjectWidth = 48;

/** What stands in the way first, then a line a run, then what waits for a person. */
export function renderRunList(runs: readonly Run[], options: RunListOptions): string {
  const lines = [
    ...statusLines(options).map(printable),
    ...(runs.length === 0
      ? ['No runs.']
      : alignRows([header, ...runs.map((run) => cells(run, options.now))])),
    ...(options.isWhole ? [] : ['There may be more: --limit']),
    ...nextLines(runs, options.commandOf),
  ];
  return `${lines.join('\n')}\n`;
}

const header = ['RUN', 'STATE', 'FOR', 'TARGET', 'ACTION', 'OF'];

function cells(run: Run, now: number): readonly string[] {
  const subject = shorten(printable(run.subject ?? ''), subjectWidth);
  const action = run.action ?? `(${run.pipeline})`;
  return [run.id, run.state, durationText(now - run.since), run.target, action, subject];
}

function statusLines({ status, agent, commandOf }: RunListOptions): readonly string[] {
  const { paused, pauseFile, refusing, disabled } = status;
  return [
    ...(agent === 'running' ? [] : ['No agent is running here: nothing is executed until one does.']),
    ...(paused === undefined
      ? []
      : [
          `PAUSED since ${momentText(paused.at)} by ${paused.by}${paused.reason === '' ? '' : `: ${paused.reason}`}. To go on: ${commandOf('resume')}`,
        ]),
    ...(pauseFile === undefined ? [] : [`PAUSED by the file ${pauseFile}. To go on, remove it.`]),
    ...(refusing === undefined ? [] : [`REFUSING: ${refusing}`]),
    ...disabled.map(
      ({ target, action, at, reason }) =>
        `DISABLED ${action} on ${target} since ${momentText(at)}: ${reason}. To allow it again: ${commandOf(`runs enable ${target} ${action}`)}`,
    ),
  ];
}

function nextLines(runs: readonly Run[], commandOf: CommandLine): readonly string[] {
  const waiting = runs.filter(({ state }) => state === 'waiting');
  const broken = runs.filter(({ state }) => state === 'half_applied');
  const example = (list: readonly Run[]): string => commandOf(`runs show ${list[0]?.id ?? ''}`);
  return [
    ...(broken.length === 0 ? [] : ['', `${count(broken.length, 'run')} half applied: ${example(broken)}`]),
    ...(waiting.length === 0
      ? []
      : ['', `${count(waiting.length, 'plan')} to decide on: ${example(waiting)}`]),
  ];
}
