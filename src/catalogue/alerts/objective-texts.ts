import type { Runbook } from '../../core/alert-rule.ts';
import type { ObjectiveId } from '../../core/objective.ts';
import { costTexts } from './objective-texts-cost.ts';
import { queryTexts } from './objective-texts-query.ts';
import { safetyTexts } from './objective-texts-safety.ts';

/** What an alert about an objective says. */
export interface ObjectiveText {
  /** Name of the alert and of its runbook. */
  readonly alert: string;
  /** The measured thing, as the beginning of a sentence: `Index hit ratio`. */
  readonly measured: string;
  /** What happens if nobody acts. */
  readonly consequence: string;
  readonly runbook: Runbook;
}

/** Objectives that no engine measures yet have no alert; `checkCatalogue` asks for a text as soon as one does. */
export const objectiveTexts: Readonly<Partial<Record<ObjectiveId, ObjectiveText>>> = {
  ...queryTexts,
  ...safetyTexts,
  ...costTexts,
};
