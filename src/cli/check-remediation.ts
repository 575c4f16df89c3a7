import type { ConfiguredTarget } from '../config/config.ts';
import type { Engine } from '../core/engine.ts';
import { messageOf } from '../core/errors.ts';
import type { Operations } from '../core/remediation/operations.ts';
import {
  type RemediationMode,
  remediationModes,
  type TargetRemediation,
} from '../core/remediation/settings.ts';
import { type CheckedItem, checkedItems } from './checked-items.ts';

/** What `reeve check` found out about the login that acts, and about the collecting one that must not. */
export interface RemediationCheck {
  /** The most that is allowed on this target, to any pipeline or action. */
  readonly mode: RemediationMode;
  /** Why it could not be checked. */
  readonly error: string | undefined;
  /** Worst first. `fatal`: nothing can be done, whatever the mode allows. */
  readonly items: readonly CheckedItem[];
}

export interface RemediationCheckInput {
  readonly configured: ConfiguredTarget;
  readonly engine: Engine;
  readonly operationsOf: (target: string) => Promise<Operations | undefined>;
  readonly withDeadline: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;
  readonly redact: (text: string) => string;
}

/** Undefined where nothing may be done: the mode is observe, or the engine changes nothing. Never throws. */
export async function checkRemediation({
  configured,
  engine,
  operationsOf,
  withDeadline,
  redact,
}: RemediationCheckInput): Promise<RemediationCheck | undefined> {
  const mode = highestMode(configured.remediation);
  if (mode === 'observe') return undefined;
  try {
    const items = await withDeadline(async (signal) => {
      const operations = await operationsOf(configured.target.id);
      return operations?.check(signal);
    });
    return items && { mode, error: undefined, items: checkedItems(engine, items, redact) };
  } catch (error) {
    return { mode, error: redact(messageOf(error)), items: [] };
  }
}

/** Whether something is allowed that could not be done. */
export function isHandicapped(check: RemediationCheck | undefined): boolean {
  return (
    check !== undefined &&
    (check.error !== undefined || check.items.some(({ severity }) => severity === 'fatal'))
  );
}

/** Lines for a person, below those of the target. */
export function renderRemediation(
  { mode, error, items }: RemediationCheck,
  renderItem: (item: CheckedItem) => string,
): readonly string[] {
  if (error !== undefined) return [`  remediation (${mode}): NOT CHECKED: ${error}`];
  if (items.length === 0)
    return [`  remediation (${mode}): nothing is missing; the collecting login cannot act`];
  return [`  remediation (${mode}):`, ...items.map((item) => renderItem(item).replaceAll(/^/gm, '  '))];
}

function highestMode({ mode, pipelines, actions }: TargetRemediation): RemediationMode {
  const modes = [mode, ...Object.values(pipelines), ...Object.values(actions)];
  return remediationModes.findLast((each) => modes.includes(each)) ?? mode;
}
