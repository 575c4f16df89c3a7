import type { BackupStrategy } from '../../../../src/sdk.ts';
import { parseMongoUrl } from '../../url.ts';
import type { MongodbOperationsInput } from '../input.ts';

const keepDays = 14;

/** A nightly dump as of one point in time, kept for two weeks; through mongos there is no such thing, and the files say so. */
export function dumpStrategy(
  { target, options, snapshot }: MongodbOperationsInput,
  folder: string,
): BackupStrategy {
  const isSharded = hasMongos(snapshot()?.samples.map(({ metric }) => metric.name) ?? []);
  const hosts = parseMongoUrl(options.url).hosts.length;
  const place = `${folder}/${target.id}`;
  const script = `${target.id}-mongodump.sh`;
  const oplog = isSharded ? '' : ' --oplog';
  const point = isSharded
    ? 'This deployment is sharded: mongodump through mongos takes no oplog, so a dump is NOT one point in time, and with the balancer running it may miss or double documents. Stop the balancer for its time (sh.stopBalancer()), or use Percona Backup for MongoDB or snapshots of the file system instead.'
    : 'Each dump is as of one point in time, its end (--oplog), if the server is a replica set; on a standalone server mongodump refuses --oplog.';
  return {
    summary: `Every night all databases by mongodump${oplog} --gzip into ${place}, kept for ${keepDays} days. ${point} What was written since the last dump is lost in a restore: at most 24 hours. The dumps lie on this machine: copy them to another place, away from the login that can delete them. The connection string (${hosts} host${hosts === 1 ? '' : 's'}) is read from a file that only the login of the schedule may read.`,
    files: [
      { name: script, text: dumpScript(place, oplog), isExecutable: true },
      { name: `${target.id}-mongodump.cron`, text: cronLine(folder, script), isExecutable: false },
      { name: `${target.id}-mongorestore.sh`, text: restoreScript(isSharded), isExecutable: true },
    ],
    configLines: ['backups:', '  nightly:', '    kind: mongodump', `    path: ${JSON.stringify(place)}`],
    next: [
      `make a login with the role backup: db.getSiblingDB('admin').createUser({ user: 'backup', pwd: '<password>', roles: [{ role: 'backup', db: 'admin' }] })`,
      `write ${folder}/${target.id}-mongodump.yaml with one line, uri: "mongodb://backup:<password>@<host>/?authSource=admin${isSharded ? '' : '&readPreference=secondaryPreferred'}", and chmod 600 it`,
      `run ${quote(`${folder}/${script}`)} once by hand and look at what it prints`,
      `install the line of ${target.id}-mongodump.cron for the login that runs backups`,
      'put the lines above into the configuration of the target',
      `prove it: reeve drill ${target.id} (mongod and mongorestore must be on the agent's machine)`,
    ],
  };
}

function hasMongos(metrics: readonly string[]): boolean {
  return metrics.some((metric) => metric === 'reeve_mongodb_shards');
}

/** Written beside, renamed when whole: a dump that was cut short never looks like one. */
function dumpScript(place: string, oplog: string): string {
  return `#!/bin/sh
# Dumps all databases, keeps ${keepDays} days. Ends with an error, and keeps everything, when the dump is not whole.
set -eu
umask 077
place=${quote(place)}
config="\${MONGODUMP_CONFIG:-\${0%.sh}.yaml}"
mkdir -p "$place"
# One at a time: mkdir is atomic.
lock="$place/.lock"
mkdir "$lock" || { echo "another dump runs, or was killed: look, then rmdir $lock" >&2; exit 1; }
trap 'rmdir "$lock"' EXIT
name="$(date -u +%Y-%m-%dT%H-%M-%SZ)"
rm -rf "$place"/*.partial
mongodump --config="$config"${oplog} --gzip --out="$place/$name.partial"
mv "$place/$name.partial" "$place/$name"
# Only after a whole dump: the last one is never deleted.
find "$place" -mindepth 1 -maxdepth 1 -type d -name '20*Z' -mtime +${keepDays} -exec rm -rf {} +
`;
}

function cronLine(folder: string, script: string): string {
  return `# minute hour day month weekday\n17 2 * * * ${quote(`${folder}/${script}`)}\n`;
}

function restoreScript(isSharded: boolean): string {
  return `#!/bin/sh
# Restores a dump: $1 its folder, $2 a connection string of an EMPTY deployment. Never aim it at production.
set -eu
[ "$#" -eq 2 ] || { echo "usage: $0 FOLDER CONNECTION_STRING" >&2; exit 2; }
# To an earlier time within the dump's oplog: --oplogLimit=<Unix seconds>.
exec mongorestore --uri="$2" --stopOnError --gzip${isSharded ? '' : ' --oplogReplay'} --dir="$1"
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
