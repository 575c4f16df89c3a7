import type { Log, PlanDraft, Refusal } from '../../../src/sdk.ts';
import { judgeAct } from './sql-judge.ts';
import { askSquawk, type SquawkAnswer } from './squawk.ts';

/** Every statement and undo of a plan, by PostgreSQL's parser and our rules, and by squawk. Without squawk the rest holds, and it is logged. */
export async function judgePlan(
  { acts, target }: PlanDraft,
  log: Pick<Log, 'warn'>,
  ask: (text: string) => Promise<SquawkAnswer> = (text) => askSquawk(text, AbortSignal.timeout(20_000)),
): Promise<readonly Refusal[]> {
  const statements = acts.flatMap(({ statement, undo }) => [statement, ...undo]);
  const refusals = (await Promise.all(statements.map(judgeAct))).flat();
  // The line break ends a comment, should there be one.
  const answer = await ask(statements.map((statement) => `${statement}\n;`).join('\n'));
  if ('missing' in answer) {
    log.warn('statements judged without squawk', { target, reason: answer.missing });
    return refusals;
  }
  return [
    ...refusals,
    ...answer.findings.map(({ rule, text }) => ({ id: `squawk_${rule.replaceAll('-', '_')}`, text })),
  ];
}
