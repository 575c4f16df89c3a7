import type { SavedState } from '../core/ports/objective-records.ts';
import { checkValue } from './memory-value.ts';

/**
 * Refuses numbers that cannot be kept: on disk they would hold up everything that waits behind them.
 *
 * @throws {RangeError} when one of them is not a finite number.
 */
export function checkTimes(what: string, ...numbers: readonly (number | undefined)[]): void {
  for (const number of numbers)
    if (number !== undefined && !Number.isFinite(number))
      throw new RangeError(`${what}: ${number} is not a number that can be kept`);
}

/** @throws {RangeError} when its time is not a finite number, or its text is longer than 1 MiB. */
export function checkState(state: SavedState): void {
  checkTimes('state', state.at);
  checkValue(`state of ${state.objective} on target "${state.target}"`, state.json);
}
