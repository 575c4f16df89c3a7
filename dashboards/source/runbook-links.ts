import { objectiveAlertName } from '../../src/catalogue/alerts/objective-rules.ts';
import type { ObjectiveId } from '../../src/core/objective.ts';
import type { PanelLink } from './plan.ts';

/** In the menu of a panel; the control listener serves the runbooks. */
export function runbookLinks(ids: readonly ObjectiveId[]): readonly PanelLink[] {
  return ids.flatMap((id) => {
    const alert = objectiveAlertName(id);
    return alert === undefined ? [] : [{ title: `Runbook: ${id}`, url: `\${control}/runbooks/${alert}` }];
  });
}
