import type { ObjectiveId } from '../../core/objective.ts';
import type { ObjectiveText } from './objective-text.ts';
import { costTexts } from './objective-texts-cost.ts';
import { migrationTexts } from './objective-texts-migration.ts';
import { queryTexts } from './objective-texts-query.ts';
import { safetyTexts } from './objective-texts-safety.ts';

/** Every objective has an alert; its rules are rendered once an engine measures it. */
export const objectiveTexts: Readonly<Record<ObjectiveId, ObjectiveText>> = {
  ...queryTexts,
  ...safetyTexts,
  ...migrationTexts,
  ...costTexts,
};
