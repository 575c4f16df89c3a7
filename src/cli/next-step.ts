import type { Judgement, UnknownReason } from '../core/judgement.ts';
import { objectives } from '../core/objective.ts';
import type { CommandLine } from './command-line.ts';

/** What a person does about an objective that is not met. */
export interface NextStep {
  /** In words. */
  readonly hint: string;
  /** Ready to paste. */
  readonly command: string;
}

type Judged = Pick<Judgement, 'target' | 'objective' | 'state' | 'reason'>;

/** The next step for one subject; undefined while its objective is met. */
export function nextStep(judged: Judged, commandOf: CommandLine): NextStep | undefined {
  return judged.state === 'met' ? undefined : nextStepOf(judged, [judged.target], commandOf);
}

/**
 * The next step that subjects of several targets share: they have objective, state and reason in common. Where several objectives share it,
 * `ofAll` leaves the objective out of the command.
 */
export function nextStepOf(
  { objective, state, reason }: Judged,
  targets: readonly string[],
  commandOf: CommandLine,
  { ofAll = false } = {},
): NextStep {
  const on = [...new Set(targets)].map((target) => ` --target ${target}`);
  const narrowed = on.length > mostNamed ? '' : on.join('');
  const commands: Readonly<Record<Look, string>> = {
    check: commandOf(`check${narrowed}`),
    collect: commandOf(`collect${narrowed} --json`),
    wait: commandOf(`objectives${narrowed}${ofAll ? '' : ` --objective ${objective}`}`),
    run: commandOf('run'),
  };
  if (state === 'breached') {
    const { pipeline } = objectives[objective];
    const remedy = pipeline === undefined ? 'no pipeline mends this' : `pipeline: ${pipeline}`;
    // A breach that is held open although the value is unknown: first see again.
    const look = reason === undefined ? 'collect' : unknowns[reason].look;
    const blind = reason === undefined ? '' : `; ${unknowns[reason].hint(objective)}`;
    return { hint: `${remedy}${blind}`, command: commands[look] };
  }
  const { look, hint } = unknowns[reason ?? 'not_reported'];
  return { hint: hint(objective), command: commands[look] };
}

/** More than this are not named: a command line is to be read. */
const mostNamed = 4;

type Look = 'check' | 'collect' | 'wait' | 'run';

interface Unknown {
  readonly hint: (objective: string) => string;
  readonly look: Look;
}

const unknowns: Readonly<Record<UnknownReason, Unknown>> = {
  not_collected: { hint: () => 'wait for the first collection', look: 'wait' },
  unreachable: { hint: () => 'see why the target cannot be reached', look: 'check' },
  collection_failed: { hint: () => 'see what the reading lacks', look: 'check' },
  not_reported: { hint: () => 'see what the server reports', look: 'collect' },
  too_few_samples: {
    hint: (objective) => `wait for traffic, or lower objectives.${objective}.minimumSamples`,
    look: 'wait',
  },
  too_little_history: { hint: () => 'wait: the forecast needs more days', look: 'wait' },
  coarse_resolution: {
    hint: (objective) => `the reading is coarser than the bound: raise objectives.${objective}.max`,
    look: 'collect',
  },
  no_bound: { hint: (objective) => `give objectives.${objective}.max in the configuration`, look: 'wait' },
  agent_stopped: { hint: () => 'start the agent', look: 'run' },
};
