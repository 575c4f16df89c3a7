export interface Address {
  readonly host: string;
  readonly port: number;
}

const defaultPort = 27_017;

/** `host`, `host:port` or `[v6]:port`; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-f:.%]+)\]|([^:/\s[\]]+))(?::(\d{1,5}))?$/i.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) return undefined;
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  return port > 0 && port < 65_536 ? { host: host.toLowerCase(), port } : undefined;
}

/** `host:port`, as MongoDB names its members. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `set/host:port,host:port`, as a sharded cluster names a shard; without a set for a shard that is a single server. */
export function parseSetAddress(text: string): {
  readonly set: string | undefined;
  readonly hosts: readonly Address[];
} {
  const slash = text.indexOf('/');
  const hosts = text
    .slice(slash + 1)
    .split(',')
    .flatMap((host) => parseAddress(host) ?? []);
  return { set: slash < 0 ? undefined : text.slice(0, slash), hosts };
}
