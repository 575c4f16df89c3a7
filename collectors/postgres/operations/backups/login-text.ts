/** A connection URL for a program's arguments, which everybody on the machine can read: its password goes by the environment. */
export function withoutPassword(url: string): { readonly url: string; readonly password: string } {
  const [, scheme = '', login = '', rest = ''] =
    /^([a-z]+:\/\/)(?:([^/?#]*)@)?(.*)$/is.exec(url.trim()) ?? [];
  const colon = login.indexOf(':');
  const user = colon < 0 ? login : login.slice(0, colon);
  const [, parameter] = /[?&]password=([^&#]*)/.exec(rest) ?? [];
  const text = rest.replace(/([?&])password=[^&#]*&?/, '$1').replace(/[?&]$/, '');
  const password = colon < 0 ? (parameter ?? '') : login.slice(colon + 1);
  return { url: `${scheme}${user === '' ? '' : `${user}@`}${text}`, password: decode(password) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A raw `%`: the text stands for itself.
    return text;
  }
}
