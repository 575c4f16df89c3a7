import { join } from 'node:path';
import type { BackupStrategy } from '../../../src/sdk.ts';
import type { RedisOperationsInput } from '../operations/place.ts';
import { parseRedisUrl } from '../url.ts';

const keptDays = 14;
const fewestKept = 3;

/** Nightly snapshots over the network, checked, kept for two weeks, on another disk than the server's. */
export function backupStrategy({ target, options }: RedisOperationsInput, folder: string): BackupStrategy {
  const address = options.url === undefined ? undefined : parseRedisUrl(options.url).address;
  const host = address?.host ?? '<primary>';
  const port = address?.port ?? 6379;
  const id = target.id.replaceAll(/[^\w.-]/g, '_');
  const kept = join(folder, 'rdb');
  const script = join(folder, 'backup.sh');
  return {
    summary: `Every night a snapshot of ${target.id} is fetched over the network (redis-cli --rdb), checked, and kept for ${keptDays} days, the last ${fewestKept} in any case. At most a day of writes is lost; with the append-only file on the server (appendonly yes, appendfsync everysec) a crash of the server costs a second, and the loss of its disk still a day. Not protected: the folder itself, unless it is on another machine.`,
    files: [
      { name: 'backup.sh', isExecutable: true, text: backupScript({ id, host, port, kept }) },
      { name: 'restore.sh', isExecutable: true, text: restoreScript(kept) },
      {
        name: 'crontab',
        isExecutable: false,
        text: `# install: crontab -l | cat - ${word(join(folder, 'crontab'))} | crontab -\n17 2 * * * ${word(script).replaceAll('%', String.raw`\%`)} 2>&1 | logger -t reeve-backup-${id}\n`,
      },
      {
        name: 'redis.conf.part',
        isExecutable: false,
        text: '# beside the backups: what survives a crash of the server\nsave 3600 1 300 100 60 10000\nappendonly yes\nappendfsync everysec\nrdbchecksum yes\nstop-writes-on-bgsave-error yes\n',
      },
    ],
    configLines: ['backups:', `  nightly: { kind: rdb, path: ${JSON.stringify(kept)} }`],
    next: [
      'on the server: ACL SETUSER reeve_backup on ><password> -@all +ping +info +sync +psync +replconf +client|setname',
      `put that password into ${word(join(folder, 'password'))} (mode 600), and run ${word(script)} once`,
      `add the lines to the target, then: reeve backup list ${target.id}`,
      `prove it: reeve drill ${target.id}`,
      'install the crontab; the finding backup_old speaks up when a night is missed',
    ],
  };
}

/** One word of a shell, whatever is in it. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

interface Script {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly kept: string;
}

function backupScript({ id, host, port, kept }: Script): string {
  return `#!/bin/sh
# A snapshot of Redis target ${id}, fetched over the network, checked, kept. Prints what it did; exits above 0 when there is no new backup.
set -eu
umask 077
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
kept=${word(kept)}
mkdir -p "$kept"
new="$kept/.${id}-$(date -u +%Y-%m-%dT%H-%M-%SZ).rdb"
trap 'rm -f "$new"' EXIT
REDISCLI_AUTH=$(cat "$here/password")
export REDISCLI_AUTH
# Add --tls --cacert FILE for rediss.
redis-cli -h ${word(host)} -p ${port} --user reeve_backup --rdb "$new"
redis-check-rdb "$new" > /dev/null
done="$kept/$(basename "$new" | cut -c2-)"
mv "$new" "$done"
echo "kept $done"
# Retention: ${keptDays} days, and the newest ${fewestKept} whatever their age.
ls -1t "$kept"/*.rdb | tail -n +${fewestKept + 1} | while read -r old; do
  find "$old" -mtime +${keptDays} -delete
done
`;
}

function restoreScript(kept: string): string {
  return `#!/bin/sh
# Brings a kept snapshot back: restore.sh FILE.rdb DIR-OF-THE-SERVER. The server must be stopped. What DIR holds is set aside, not deleted.
set -eu
# Files are in ${kept}.
file=\${1:?a kept file}
dir=\${2:?the dir of redis.conf}
redis-check-rdb "$file"
aside="$dir/before-restore-$(date -u +%Y-%m-%dT%H-%M-%SZ)"
mkdir "$aside"
for old in "$dir"/dump.rdb "$dir"/appendonlydir "$dir"/appendonly.aof; do
  if [ -e "$old" ]; then mv "$old" "$aside/"; fi
done
cp "$file" "$dir/dump.rdb"
chown --reference="$dir" "$dir/dump.rdb"
echo "start the server with: redis-server <redis.conf> --appendonly no"
echo "once it runs: redis-cli CONFIG SET appendonly yes (if redis.conf says so)"
`;
}
