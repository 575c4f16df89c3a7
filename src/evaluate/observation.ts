import type { BoundSide, ForecastReport, UnknownReason } from '../core/judgement.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import { type Bound, hasBound, isClear, violatedSide } from './bound.ts';

/** What is known of one subject of an objective at one moment. */
export interface Observation {
  /** In the objective's unit; undefined while it is unknown, unless nothing but the bound is missing. */
  readonly value: number | undefined;
  readonly basis: number | undefined;
  /** Set when it cannot be judged. */
  readonly reason: UnknownReason | undefined;
  readonly detail: string;
  readonly bound: Bound;
  /** The end of the bound that is violated; undefined when none is, or when it cannot be judged. */
  readonly side: BoundSide | undefined;
  /** So far inside the bound that a breach may close, as far as the value can show it. */
  readonly isClear: boolean;
  /** A violation is as urgent as a page. */
  readonly isPage: boolean;
  /** `absent`: it was read without an error, and the subject is not there. `unread`: nobody could look. */
  readonly presence: 'present' | 'absent' | 'unread';
  readonly forecast: ForecastReport | undefined;
}

/** - `between`: not violated, and not far enough inside the bound to close a breach. */
export type Verdict = 'violated' | 'between' | 'clear' | 'unknown';

/** A value of one subject, and what belongs to it. */
export interface Measured {
  readonly value: number;
  readonly basis?: number | undefined;
  readonly bound: Bound;
  readonly resolution?: number | undefined;
  readonly isPage: (side: BoundSide) => boolean;
  readonly forecast?: ForecastReport | undefined;
}

export function verdictOf({ reason, side, isClear }: Observation): Verdict {
  if (reason !== undefined) return 'unknown';
  if (side !== undefined) return 'violated';
  return isClear ? 'clear' : 'between';
}

/** Nothing is known, and why. */
export function unknown(
  reason: UnknownReason,
  detail: string,
  bound: Bound,
  presence: Observation['presence'] = 'unread',
): Observation {
  return {
    value: undefined,
    basis: undefined,
    reason,
    detail,
    bound,
    side: undefined,
    isClear: false,
    isPage: false,
    presence,
    forecast: undefined,
  };
}

/** Compares what was measured with its bound. */
export function assess(measured: Measured, objective: ObjectiveInForce): Observation {
  const { value, basis, bound, resolution = 0, forecast } = measured;
  const { minimumBasis } = objective;
  if (!hasBound(bound)) {
    const detail = 'no bound is given for it in the configuration';
    return { ...unknown('no_bound', detail, bound, 'present'), value, basis, forecast };
  }
  if (minimumBasis !== undefined && (basis ?? 0) < minimumBasis) {
    const detail = `${basis ?? 0} observations, and it takes ${minimumBasis}`;
    return { ...unknown('too_few_samples', detail, bound, 'present'), basis };
  }
  const isCoarse = bound.max !== undefined && resolution > bound.max;
  const side = violatedSide(value, bound);
  const clear = isClear(value, bound, objective);
  if (isCoarse && !(side === 'max' && violatedSide(value - resolution, bound) === 'max')) {
    const detail = `the value shows differences of ${resolution}, and the bound is ${bound.max}`;
    return { ...unknown('coarse_resolution', detail, bound, 'present'), basis, isClear: clear };
  }
  const isPage = side !== undefined && measured.isPage(side);
  return {
    value,
    basis,
    reason: undefined,
    detail: '',
    bound,
    side,
    isClear: clear,
    isPage,
    presence: 'present',
    forecast,
  };
}
