import { z } from 'zod';

/**
 * A number or NULL, at least 0: two positions or times that were not taken in the same instant may differ by a little less. Not in SQL:
 * greatest(NULL, 0) is 0 there, and an unknown would become a zero.
 */
export const notNegative = z
  .number()
  .nullable()
  .transform((value) => (value === null ? null : Math.max(0, value)));
