import { blindness } from '../catalogue/blindness.ts';
import type { CheckItem } from '../core/check-item.ts';
import type { Engine } from '../core/engine.ts';
import type { ObjectiveId } from '../core/objective.ts';

/** Something that is missing, with what it blinds. */
export interface CheckedItem {
  readonly severity: CheckItem['severity'];
  readonly subject: string;
  readonly message: string;
  readonly remedy: string;
  readonly groups: readonly string[];
  /** Names as published. */
  readonly metrics: readonly string[];
  readonly objectives: readonly ObjectiveId[];
}

const order: Readonly<Record<CheckItem['severity'], number>> = { fatal: 0, blind: 1, advice: 2 };

/** With what each blinds, worst first. */
export function checkedItems(
  engine: Engine,
  items: readonly CheckItem[],
  redact: (text: string) => string,
): readonly CheckedItem[] {
  const checked = items.map((item) => checkedItem(engine, item, redact));
  return checked.sort((a, b) => order[a.severity] - order[b.severity]);
}

function checkedItem(engine: Engine, item: CheckItem, redact: (text: string) => string): CheckedItem {
  const { severity, subject, message, remedy } = item;
  // The remedy is made of the catalogue and of names, never of a secret, and must stay fit to run.
  return { severity, subject, message: redact(message), remedy, ...blindness(engine, item) };
}
