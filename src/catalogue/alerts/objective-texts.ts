import type { ObjectiveId } from '../../core/objective.ts';
import type { ObjectiveText } from './objective-text.ts';
import { costTexts } from './objective-texts-cost.ts';
import { queryTexts } from './objective-texts-query.ts';
import { safetyTexts } from './objective-texts-safety.ts';

/** Objectives that no engine measures yet have no alert; `checkCatalogue` asks for a text as soon as one does. */
export const objectiveTexts: Readonly<Partial<Record<ObjectiveId, ObjectiveText>>> = {
  ...queryTexts,
  ...safetyTexts,
  ...costTexts,
};
