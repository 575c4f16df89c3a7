import { objectiveAlertName } from '../catalogue/alerts/objective-rules.ts';
import { renderRunbooks } from '../catalogue/alerts/render-alerts.ts';
import { createCatalogue } from '../catalogue/catalogue.ts';
import type { Engine } from '../core/engine.ts';
import type { ObjectiveId } from '../core/objective.ts';
import { agentSlices } from './agent-slices.ts';

/** The texts of `alerts/runbooks/`, which an installed package does not carry as files. */
export interface Runbooks {
  /** Markdown; undefined where no alert has this name. */
  readonly text: (alertName: string) => string | undefined;
  /** Where the control interface serves the one about an objective. */
  readonly pathOf: (objective: ObjectiveId) => string | undefined;
}

/** Rendered when somebody first asks for one. */
export function createRunbooks(engines: Iterable<Engine>): Runbooks {
  let rendered: ReadonlyMap<string, string> | undefined;
  const text = (alertName: string) => {
    rendered ??= renderRunbooks(createCatalogue(engines, agentSlices));
    // Without the note to those who would edit the file.
    return rendered.get(alertName)?.replace(/^<!--.*?-->\s*/s, '');
  };
  return {
    text,
    pathOf(objective) {
      const name = objectiveAlertName(objective);
      return text(name) === undefined ? undefined : `runbooks/${name}`;
    },
  };
}
