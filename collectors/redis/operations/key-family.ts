/** Names of keys without what identifies anybody: what stands before the first separator, digits collapsed. */

const longestFamily = 32;

/** Everything that is no plain word is left out: it could be data. */
const unnamedFamily = '(other names)';

export function familyOf(key: string): string {
  const end = key.search(/[:/|.{}#-]/);
  if (end <= 0) return unnamedFamily;
  const prefix = key.slice(0, end);
  const isWord = /^[A-Za-z_]+[A-Za-z_0-9]*$/.test(prefix) && prefix.length <= longestFamily;
  // Words with many digits in them are ids.
  const digits = prefix.replaceAll(/\D/g, '').length;
  return isWord && digits <= 4 ? `${prefix.replaceAll(/\d+/g, '#')}${key[end] ?? ''}*` : unnamedFamily;
}
