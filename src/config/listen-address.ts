import { z } from 'zod';

/** Where a listener binds. */
export interface ListenAddress {
  /** A name or address; `0.0.0.0` and `::` are every interface. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

const help = 'must be host:port, such as 127.0.0.1:9464, [::1]:9464 or 0.0.0.0:9464';

/** `host:port`; IPv6 in brackets; `:9464` is every interface. */
export function listenField(): z.ZodType<ListenAddress> {
  return z
    .string({ error: ({ input }) => (input === undefined ? undefined : help) })
    .transform((text, context) => {
      const address = parseListenAddress(text);
      if (address !== undefined) return address;
      context.addIssue({ code: 'custom', message: help });
      return z.NEVER;
    });
}

export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  return { host: match[1] ?? (match[2] === '' ? '0.0.0.0' : (match[2] ?? '')), port };
}

/** Whether only this machine can reach it. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
