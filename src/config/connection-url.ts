/** Connection URLs as databases write them: like web URLs, but with several hosts, no host, or a socket path. */

export interface ConnectionUrl {
  /** Without the colon. */
  readonly protocol: string;
  readonly username: string;
  /** Still percent-encoded; undefined when there is none. */
  readonly password: string | undefined;
  /** `host`, `host:port`, or several with commas. */
  readonly hosts: string;
  /** Without the leading slash. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

const shape = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#]*)@)?([^@/?#]*)(?:\/([^@?#]*))?(?:\?([^#]*))?(?:#.*)?$/is;

/** Query parameters in which drivers accept a password. */
const passwordParameters =
  /^(?:password|passwd|pwd|sslpassword|tlscertificatekeyfilepassword|accountkey|key)$/i;

/** The parts of a connection URL; undefined when the text is not one, as when a password holds a raw `/`, `?` or `#`. */
export function parseConnectionUrl(text: string): ConnectionUrl | undefined {
  const match = shape.exec(text.trim());
  if (match === null) return undefined;
  const [, protocol = '', userinfo, hosts = '', path = '', query = ''] = match;
  const colon = userinfo?.indexOf(':') ?? -1;
  const url = {
    protocol: protocol.toLowerCase(),
    username: userinfo === undefined ? '' : colon < 0 ? userinfo : userinfo.slice(0, colon),
    password: userinfo === undefined || colon < 0 ? undefined : userinfo.slice(colon + 1),
    hosts,
    path,
    query,
  };
  return hosts.split(',').every(isHost) ? url : undefined;
}

/** Every password the text holds if it is a URL, encoded and decoded; also of a URL that is not well-formed. */
export function passwordsOf(text: string): readonly string[] {
  const match = /^[a-z][a-z0-9+.-]*:\/\/[^:@]*:(.+)@/is.exec(text.trim());
  const encoded = [match?.[1], ...parametersOf(text)].filter((value) => value !== undefined && value !== '');
  return encoded.flatMap((value) => (value === undefined ? [] : [value, decode(value)]));
}

function parametersOf(text: string): readonly string[] {
  const query = /\?([^#]*)/.exec(text)?.[1] ?? '';
  const pairs = query.split('&').map((pair) => pair.split('='));
  return pairs.filter(([name = '']) => passwordParameters.test(name)).map(([, ...rest]) => rest.join('='));
}

function isHost(host: string): boolean {
  return /^(?:\[[0-9a-f:.%]+\]|[^:[\]\s]*)(?::\d{1,5})?$/i.test(host);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded after all: the text is the password.
    return text;
  }
}
