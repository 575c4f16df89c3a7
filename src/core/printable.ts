/** Control characters of names would move the cursor, and invisible ones deceive: both are written as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    const [, escaped = ''] = /^"(.*)"$/.exec(JSON.stringify(character)) ?? [];
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : escaped;
  });
}
