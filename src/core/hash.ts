/** FNV-1a: a quick unsigned 32-bit number of a text, the same everywhere. For spreading things, not for secrets. */
export function fnv1a(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  return state >>> 0;
}
