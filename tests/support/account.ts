import { readFileSync } from 'node:fs';
import type { Account } from './temp-dir.ts';

/** The system account of a server's own package if there is one, `nobody` otherwise; `undefined` when we are not root. */
export function unprivilegedAccount(own: 'postgres' | 'redis'): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of [own, 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(`servers do not run as root, and this system has neither a user "${own}" nor "nobody"`);
}
