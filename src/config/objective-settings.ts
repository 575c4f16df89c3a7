import { type ObjectiveId, objectiveIds } from '../core/objective.ts';
import type { ObjectiveOverrides } from '../core/objective-in-force.ts';
import { describingFields } from './fields.ts';
import { suggestion } from './nearest-name.ts';
import { located, parseAt } from './problems.ts';
import { objectivesField } from './schema/objectives.ts';

/** Settings of objectives from a command line, or what is wrong with each text. */
export interface ObjectiveSettings {
  readonly overrides: ObjectiveOverrides;
  readonly problems: readonly string[];
}

/** Parses `index_hit_ratio.min=0.97` and `replication_lag_seconds.for=5m` as the configuration would. */
export function parseObjectiveSettings(texts: readonly string[]): ObjectiveSettings {
  const raw: Partial<Record<ObjectiveId, Record<string, unknown>>> = {};
  const problems: string[] = [];
  for (const text of texts) {
    const [, name = '', key = '', value = ''] = /^([^.=]+)\.([^=]+)=(.+)$/.exec(text) ?? [];
    const id = objectiveIds.find((known) => known === name);
    if (name === '') problems.push(`"${text}" must be objective.key=value, such as index_hit_ratio.min=0.97`);
    else if (id === undefined)
      problems.push(`"${text}": there is no objective ${name}${suggestion(name, objectiveIds)}`);
    else raw[id] = { ...raw[id], [key]: valueOf(value) };
  }
  const parsed = parseAt(objectivesField(describingFields()), raw, []);
  return {
    overrides: parsed.value ?? {},
    problems: [...problems, ...located(parsed.problems).map(({ path, message }) => `${path} ${message}`)],
  };
}

function valueOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
