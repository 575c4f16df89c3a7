import { z } from 'zod';
import { answers } from '../src/cli/remediation-json.ts';
import { parseScorecard } from '../src/cli/scorecard-json.ts';
import type { Judgement } from '../src/core/judgement.ts';
import type { Run } from '../src/core/remediation/run.ts';

/** What the agent's control listener tells of its objectives and what it does about them. */
export interface Judged {
  readonly judgements: readonly Judgement[];
  /** Open and closed ones, latest first. */
  readonly breaches: readonly BreachRecord[];
  /** Those changed last first. */
  readonly runs: readonly Run[];
}

/** What the stories look at; times are Unix time in milliseconds. */
export type BreachRecord = z.infer<typeof BreachRecord>;

const BreachRecord = z.object({
  fingerprint: z.string(),
  target: z.string(),
  objective: z.string(),
  subject: z.string(),
  severity: z.enum(['page', 'ticket']),
  since: z.number(),
  closedAt: z.number().optional(),
  durationMs: z.number().optional(),
});
const Answer = z.object({ breaches: z.array(BreachRecord) });

export const nothingJudged: Judged = { judgements: [], breaches: [], runs: [] };

/**
 * @param ask gives the body of the answer for a path.
 * @throws {Error} when an answer is not what the agent promises.
 */
export async function readJudged(ask: (path: string) => Promise<string>): Promise<Judged> {
  const [objectives, breaches, runs] = await Promise.all([
    ask('/api/v1/objectives'),
    ask('/api/v1/breaches'),
    ask('/api/v1/runs'),
  ]);
  const card = parseScorecard(objectives);
  if (card === undefined) throw new Error('/api/v1/objectives answered something else than a scorecard');
  return {
    judgements: card.objectives,
    breaches: Answer.parse(JSON.parse(breaches)).breaches,
    runs: answers.runs().parse(JSON.parse(runs)).runs,
  };
}
