import type { Run, RunState } from './run.ts';

type Next = (run: Run, commandOf: (words: string) => string) => string;

/** As many digits of a hash as tell plans apart. */
export const shortHashLength = 12;

const again: Next = ({ id }, commandOf) => `try again: ${commandOf(`runs retry ${id}`)}`;
const takeBack: Next = ({ id }, commandOf) =>
  `nothing; to take it back: ${commandOf(`runs cancel ${id} --undo`)}`;
const nothing: Next = () => 'nothing';

const nexts: Readonly<Record<RunState, Next>> = {
  preparing: ({ id, pipeline }, commandOf) =>
    pipeline === 'backup'
      ? `wait: a backup is restored and verified; to stop it: ${commandOf(`runs cancel ${id}`)}`
      : 'wait: it is being prepared',
  waiting: ({ id, planHash = '' }, commandOf) =>
    `decide: ${commandOf(`runs approve ${id} --plan ${planHash.slice(0, shortHashLength)}`)}, or reject it`,
  approved: ({ id }, commandOf) =>
    `wait: a running agent executes it by itself; to stop it: ${commandOf(`runs cancel ${id}`)}`,
  executing: takeBack,
  soaking: takeBack,
  half_applied: ({ id }, commandOf) =>
    `look at the database: an act is half done, and Reeve goes on until it is whole; at once: ${commandOf(`runs retry ${id}`)}`,
  observed: nothing,
  proposed: ({ pipeline, target }, commandOf) =>
    `this plan is never executed; see why (in mode propose: set remediation.mode, or that of the action, to approve), then start anew: ${commandOf(`runs start ${pipeline} ${target}`)}`,
  nothing_to_do: nothing,
  refused: again,
  rejected: again,
  expired: again,
  cancelled: again,
  kept: (run, commandOf) =>
    run.pipeline === 'migration' ? takeBack(run, commandOf) : nothing(run, commandOf),
  inconclusive: () => 'look yourself whether it helped: nothing could be proven',
  verified: ({ target }, commandOf) =>
    `nothing; the way back that worked: ${commandOf(`drill ${target} --runbook`)}`,
  reverted: ({ target, action = '' }, commandOf) =>
    `find out why it got worse; until then the action is disabled here: ${commandOf(`runs enable ${target} ${action}`)}`,
  failed: again,
};

/** What a person does next about a run. */
export function nextOfRun(run: Run, commandOf: (words: string) => string): string {
  return nexts[run.state](run, commandOf);
}
