/** The longest text that is remembered under one key, in UTF-16 units. */
const longestValue = 1024 * 1024;

/** @throws {RangeError} when the text is too long to be remembered. */
export function checkValue(key: string, value: string): void {
  if (value.length <= longestValue) return;
  throw new RangeError(
    `${key}: ${value.length} characters are too many to remember, at most ${longestValue}`,
  );
}
