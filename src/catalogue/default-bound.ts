import type { ObjectiveDefinition } from '../core/objective.ts';
import { formatQuantity } from '../core/quantity.ts';

/** The default bound as a person reads it: `≥ 95 %`. */
export function defaultBound({ bound, unit }: ObjectiveDefinition): string {
  const parts = [
    ...(bound.min === undefined ? [] : [`≥ ${formatQuantity(bound.min, unit)}`]),
    ...(bound.max === undefined ? [] : [`≤ ${formatQuantity(bound.max, unit)}`]),
  ];
  return parts.length === 0 ? 'given by the operator' : parts.join(' and ');
}
