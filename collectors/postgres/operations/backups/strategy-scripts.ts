import { quoteShell } from './quote-shell.ts';

export interface StrategyFacts {
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** Where backups are kept. */
  readonly folder: string;
  readonly keepDumps: number;
  readonly keepBases: number;
}

/** What both scripts begin with: nothing is left half done, and one runs at a time. */
function opening(what: string, { target, folder }: StrategyFacts): string {
  return `#!/bin/sh
# ${what} of target ${target}. Written by "reeve backup init"; it is yours now.
set -eu
umask 077
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
if [ -f "$here/backup.env" ]; then set -a; . "$here/backup.env"; set +a; fi
root=\${BACKUP_ROOT:-${quoteShell(folder)}}
now=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$root"
exec 9>"$root/.lock"
if ! flock -n 9; then echo "another backup into $root is running" >&2; exit 75; fi
part=
trap 'test -z "$part" || rm -rf -- "$part"' EXIT
trap 'exit 1' HUP INT TERM
`;
}

export function dumpScript(facts: StrategyFacts): string {
  return `${opening('Dumps the databases that are its arguments', facts)}
if [ $# -eq 0 ]; then echo "usage: dump.sh DATABASE..." >&2; exit 64; fi
mkdir -p "$root/dumps"

# Roles, their passwords and grants are in no dump. Reading passwords takes a superuser.
part="$root/dumps/globals.sql.part"
pg_dumpall --no-password --globals-only --no-role-passwords --file "$part"
mv -- "$part" "$root/dumps/globals.sql"

for database in "$@"; do
  mkdir -p "$root/dumps/$database"
  part="$root/dumps/$database/$now.dump.part"
  pg_dump --no-password --format=custom --file "$part" --dbname "$database"
  # A dump that cannot be listed is none.
  pg_restore --list "$part" >/dev/null
  sync "$part" 2>/dev/null || sync
  mv -- "$part" "$root/dumps/$database/$now.dump"
  # Only after this one is there.
  ls -1 "$root/dumps/$database" | grep '\\.dump$' | sort -r | tail -n +$((\${KEEP_DUMPS:-${facts.keepDumps}} + 1)) |
    while read -r old; do rm -- "$root/dumps/$database/$old"; done
  echo "$root/dumps/$database/$now.dump"
done
part=
`;
}

export function baseScript(facts: StrategyFacts): string {
  return `${opening('Makes a base backup of the server', facts)}
mkdir -p "$root/base"
part="$root/base/$now.part"
pg_basebackup --no-password --pgdata "$part" --format=tar --gzip --wal-method=stream --checkpoint=fast
sync
mv -- "$part" "$root/base/$now"
part=
echo "$root/base/$now"

# Only after this one is there: older backups, and the WAL from before the oldest that is kept.
ls -1 "$root/base" | grep '^[0-9]*T[0-9]*Z$' | sort -r | tail -n +$((\${KEEP_BASES:-${facts.keepBases}} + 1)) |
  while read -r old; do rm -rf -- "$root/base/$old"; done
oldest=$(ls -1 "$root/base" | grep '^[0-9]*T[0-9]*Z$' | sort | head -n 1)
first=$(tar -xzOf "$root/base/$oldest/base.tar.gz" --occurrence=1 backup_label | sed -n 's/^START WAL LOCATION: .*(file \\([0-9A-F]*\\))$/\\1/p')
if [ -n "$first" ] && [ -d "$root/wal" ]; then pg_archivecleanup "$root/wal" "$first"; fi
`;
}
