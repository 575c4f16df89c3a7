import type { Clock } from '../core/ports/clock.ts';
import { printable } from '../core/printable.ts';
import type { RemediationControl, RunReport } from '../core/remediation/control.ts';
import type { Run } from '../core/remediation/run.ts';
import { momentText } from '../core/remediation/run-report-text.ts';

export interface FollowInput {
  readonly control: Pick<RemediationControl, 'show'>;
  readonly clock: Clock;
  readonly writeNote: (text: string) => void;
  /** Aborted when the person has seen enough: what was seen last is the answer. */
  readonly signal: AbortSignal;
}

const lookEveryMs = 250;

/** Says each step of a run until it is in a state that the caller waits for, and gives what it came to. */
export async function followRun(
  id: string,
  isAwaited: (run: Run) => boolean,
  { control, clock, writeNote, signal }: FollowInput,
): Promise<RunReport> {
  let said = '';
  for (;;) {
    const report = await control.show(id);
    if (report === undefined) throw new Error(`run ${id} is gone from the store`);
    const { run } = report;
    const line = `${run.state}, ${run.step}: ${run.reason}`;
    if (line !== said) writeNote(`${momentText(clock.now())}  ${printable(line)}\n`);
    said = line;
    if (isAwaited(run) || signal.aborted) return report;
    await clock.sleep(lookEveryMs, signal).catch(() => undefined);
  }
}
