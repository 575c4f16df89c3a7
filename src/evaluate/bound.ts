import type { BoundSide } from '../core/judgement.ts';
import type { ObjectiveDefinition } from '../core/objective.ts';

/** Both ends are good values themselves. */
export interface Bound {
  readonly min?: number;
  readonly max?: number;
}

export function hasBound({ min, max }: Bound): boolean {
  return min !== undefined || max !== undefined;
}

/** The end that the value is beyond. */
export function violatedSide(value: number, { min, max }: Bound): BoundSide | undefined {
  if (max !== undefined && value > max) return 'max';
  if (min !== undefined && value < min) return 'min';
  return undefined;
}

/** Whether the value is so far inside the bound that a breach may close. */
export function isClear(
  value: number,
  bound: Bound,
  { hysteresis, unit }: Pick<ObjectiveDefinition, 'hysteresis' | 'unit'>,
): boolean {
  const { min, max } = bound;
  const highest = max === undefined ? Infinity : max - hysteresis * Math.max(0, max - (min ?? 0));
  const otherEnd = max ?? (unit === 'ratio' ? 1 : -Infinity);
  const lowest = min === undefined ? -Infinity : min + hysteresis * Math.max(0, otherEnd - min);
  return value <= highest && value >= lowest;
}

/** The worse of two values on one side of the bound. */
export function worse(side: BoundSide | undefined, one: number | undefined, other: number): number {
  if (one === undefined) return other;
  return side === 'min' ? Math.min(one, other) : Math.max(one, other);
}
