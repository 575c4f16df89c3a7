import type { CollectError } from '../../src/sdk.ts';

/** A command and its arguments. */
export type Command = readonly [string, ...(string | Buffer)[]];

/** What came of one command of a pipeline. */
export type Outcome =
  | { readonly reply: unknown; readonly error?: undefined }
  | { readonly error: CollectError };

/** A logged-in connection to one server. Once it has failed or was given up, it is closed and stays so. */
export interface Connection {
  readonly isOpen: boolean;
  /** The login was not needed: the server has no password. */
  readonly loginIgnored: boolean;
  /**
   * Sends the commands at once and waits for all replies; an error reply is an outcome of its own.
   *
   * @throws {CollectError} `timeout` or `unreachable` when the connection failed; it is closed then.
   */
  pipeline(commands: readonly Command[], signal: AbortSignal): Promise<readonly Outcome[]>;
  /** As `pipeline`, with replies as bytes. */
  pipelineBytes(commands: readonly Command[], signal: AbortSignal): Promise<readonly Outcome[]>;
  /**
   * Takes messages of matching channels for so long; ends early when it is told to. The connection is good for nothing else afterwards.
   *
   * @throws {CollectError} `denied` without the channel; `unreachable` when the connection failed.
   */
  listen(pattern: string, take: (message: string) => 'go on' | 'enough', until: AbortSignal): Promise<void>;
  /** @throws {CollectError} also for an error reply. */
  call(command: Command, signal: AbortSignal): Promise<unknown>;
  close(): void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Opens a connection to one server. */
export type Connect = (
  address: Address,
  role: 'server' | 'sentinel',
  signal: AbortSignal,
) => Promise<Connection>;

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Parses `host:port`, `[::1]:6379` and `::1:6379`; undefined when it is none. */
export function parseAddress(text: string, defaultPort?: number): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|(.+?))(?::(\d{1,5}))?$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}
