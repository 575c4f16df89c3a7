import type { Grants } from '../../src/sdk.ts';

/** Commands the collector sends to servers, as access control names them. Only MEMORY USAGE names a key, and it reads no value. */
const serverCommands = [
  'info',
  'ping',
  'client|setname',
  'latency|histogram',
  'slowlog|get',
  'config|get',
  'select',
  'scan',
  'memory|usage',
  'cluster|info',
  'cluster|nodes',
] as const;

/** Commands the collector sends to Sentinels. */
const sentinelCommands = [
  'ping',
  'client|setname',
  'sentinel|get-master-addr-by-name',
  'sentinel|master',
  'sentinel|replicas',
  'sentinel|ckquorum',
] as const;

/** Commands whose second word is part of their name. */
const containers = new Set(['client', 'cluster', 'config', 'latency', 'memory', 'sentinel', 'slowlog']);

/** Rules of the login, in the words of ACL SETUSER. */
export const serverRules = `-@all ${allow(serverCommands)} resetchannels resetkeys %R~*`;
const sentinelRules = `-@all ${allow(sentinelCommands)}`;

export const redisGrants: Grants = {
  summary:
    'Reads statistics, and names and sizes of keys; no value, no write. Leave out `+config|get` where passwords in the configuration must stay unseen (persistence is then unknown), and `+select +scan +memory|usage %R~*` where names of keys must (the biggest keys are then unknown). Redis 6 knows no `%R~*`: write `~*`, which adds nothing to these commands. The second statement is for Sentinels.',
  statements: [
    `ACL SETUSER reeve on ><password> ${serverRules}`,
    `ACL SETUSER reeve on ><password> ${sentinelRules}`,
  ],
};

/** The name access control has for a command: `latency|histogram`, `info`. */
export function aclName(command: readonly unknown[]): string {
  const name = String(command[0]).toLowerCase();
  return containers.has(name) && command.length > 1 ? `${name}|${String(command[1]).toLowerCase()}` : name;
}

/** The statement that allows a login what it lacked. */
export function grantStatement(username: string | undefined, rule: string): string {
  return `ACL SETUSER ${username ?? 'default'} ${rule}`;
}

function allow(commands: readonly string[]): string {
  return commands.map((command) => `+${command}`).join(' ');
}
