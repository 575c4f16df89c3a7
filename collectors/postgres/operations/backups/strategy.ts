import { join } from 'node:path';
import type { BackupStrategy } from '../../../../src/sdk.ts';
import type { PostgresOptions } from '../../config.ts';
import { parseEndpoint } from '../../connection-url.ts';
import { quoteSetting, quoteShell } from './quote-shell.ts';
import { baseScript, dumpScript, type StrategyFacts } from './strategy-scripts.ts';

const keepDumps = 14;
const keepBases = 2;

/** Dumps every night, a base backup every week, and archived WAL between: what to write for a server that nobody backs up yet. */
export function backupStrategy(target: string, options: PostgresOptions, folder: string): BackupStrategy {
  const facts: StrategyFacts = { target, folder, keepDumps, keepBases, ...endpointOf(options) };
  const database = quoteShell(facts.database);
  const unit = `reeve-backup-${target.replaceAll(/[^\w-]/g, '-')}`;
  return {
    summary: `Every night a dump of ${facts.database} (the ${keepDumps} newest are kept), every Sunday a base backup of the whole server (the ${keepBases} newest are kept), and every finished piece of WAL as soon as it is archived: with the base backup, the server comes back as it was at any moment since the older of the two. It does not protect from the loss of ${folder} itself: copy that folder to another place. Roles and grants are in the base backup and in globals.sql, not in the dumps.`,
    files: [
      { name: 'backup.env', text: environment(facts), isExecutable: false },
      { name: 'dump.sh', text: dumpScript(facts), isExecutable: true },
      { name: 'base-backup.sh', text: baseScript(facts), isExecutable: true },
      { name: 'archiving.conf', text: archiving(facts), isExecutable: false },
      { name: `${unit}.service`, text: service(facts), isExecutable: false },
      { name: `${unit}.timer`, text: timer(facts), isExecutable: false },
      { name: 'RESTORE.md', text: restoreText(facts), isExecutable: false },
    ],
    configLines: [
      'backups:',
      `  nightly: { kind: pg_dump, path: ${JSON.stringify(join(folder, 'dumps', facts.database))} }`,
      `  base: { kind: base_backup, path: ${JSON.stringify(join(folder, 'base'))}, wal: ${JSON.stringify(join(folder, 'wal'))} }`,
    ],
    next: [
      `On the server: CREATE ROLE reeve_backup LOGIN REPLICATION PASSWORD '<password>'; GRANT pg_read_all_data TO reeve_backup; (14 and later; before, SELECT on everything), and "host replication reeve_backup <address> scram-sha-256" in pg_hba.conf.`,
      `As the account that runs the scripts: ${facts.host}:${facts.port}:*:reeve_backup:<password> in ~/.pgpass, mode 0600.`,
      `mkdir -m 0700 -p ${quoteShell(folder)}/dumps ${quoteShell(folder)}/base && mkdir -m 0770 -p ${quoteShell(folder)}/wal; the server's account must be able to write into wal.`,
      `Include archiving.conf from postgresql.conf and restart the server; then SELECT * FROM pg_stat_archiver must show no failure.`,
      `Run ${quoteShell(join(folder, 'dump.sh'))} ${database} and ${quoteShell(join(folder, 'base-backup.sh'))} once by hand.`,
      `Schedule them: copy ${unit}.service and ${unit}.timer to /etc/systemd/system and run systemctl enable --now ${unit}.timer; or by cron: 30 1 * * * ${cron(join(folder, 'dump.sh'))} ${cron(facts.database)}; 30 2 * * 0 ${cron(join(folder, 'base-backup.sh'))}`,
      'Add the lines of configuration to the target, then prove it: reeve drill ' + target,
    ],
  };
}

function endpointOf({ url }: PostgresOptions): Pick<StrategyFacts, 'host' | 'port' | 'database'> {
  try {
    const { host, port, database } = parseEndpoint(url.reveal());
    return { host, port, database };
  } catch {
    // Its certificate is missing, say: that is for `reeve check`; here a person fills it in.
    return { host: '<host>', port: 5432, database: '<database>' };
  }
}

function environment({ target, host, port, folder }: StrategyFacts): string {
  return `# Where dump.sh and base-backup.sh find the server of target ${target}; the password is in ~/.pgpass.
PGHOST=${quoteShell(host)}
PGPORT=${port}
PGUSER=reeve_backup
BACKUP_ROOT=${quoteShell(folder)}
KEEP_DUMPS=${keepDumps}
KEEP_BASES=${keepBases}
`;
}

function archiving({ folder, target }: StrategyFacts): string {
  const wal = quoteShell(join(folder, 'wal')).replaceAll('%', '%%');
  const command = `test ! -f ${wal}/%f && cp %p ${wal}/%f.part && mv ${wal}/%f.part ${wal}/%f`;
  return `# Of the server of target ${target}: include it from postgresql.conf; a change of archive_mode needs a restart.
wal_level = replica
archive_mode = on
archive_command = ${quoteSetting(command)}
archive_timeout = 300
`;
}

/** One word of a unit of systemd: its own quotes, and nothing that it would replace. */
function unit(text: string): string {
  const plain = text.replaceAll(/["\\]/g, (char) => `\\${char}`).replaceAll('%', '%%');
  return `"${plain.replaceAll('$', '$$$$')}"`;
}

/** One word of a line of cron, where a percent sign ends the command. */
function cron(text: string): string {
  return quoteShell(text).replaceAll('%', String.raw`\%`);
}

function service({ target, folder, database }: StrategyFacts): string {
  return `[Unit]
Description=Backups of ${target}

[Service]
Type=oneshot
User=postgres
ExecStart=/bin/sh -c ${unit(`exec ${quoteShell(join(folder, 'dump.sh'))} ${quoteShell(database)}`)}
# On Sundays the whole server too.
ExecStart=/bin/sh -c ${unit(`test "$(date +%u)" != 7 || exec ${quoteShell(join(folder, 'base-backup.sh'))}`)}
`;
}

function timer({ target }: StrategyFacts): string {
  return `[Unit]
Description=Nightly backups of ${target}

[Timer]
OnCalendar=*-*-* 01:30:00
RandomizedDelaySec=10min
Persistent=true

[Install]
WantedBy=timers.target
`;
}

/** As a value of postgresql.conf, in which a percent sign stands for something. */
function restoreCommand(folder: string): string {
  return quoteSetting(`cp ${quoteShell(join(folder, 'wal')).replaceAll('%', '%%')}/%f "%p"`);
}

function restoreText({ target, folder, database }: StrategyFacts): string {
  return `# How ${target} comes back

\`reeve drill ${target} --runbook\` writes this anew from the last drill that worked, with its measured times.

## One database, as of last night

    createdb -T template0 ${quoteShell(database)}
    pg_restore --exit-on-error --jobs=4 -d ${quoteShell(database)} ${quoteShell(join(folder, 'dumps', database))}/<newest>.dump

Roles first, where they are gone too: \`psql -f ${quoteShell(join(folder, 'dumps', 'globals.sql'))} postgres\`.

## The whole server, at any moment

    mkdir -m 0700 <data> && tar -xzf ${quoteShell(join(folder, 'base'))}/<newest before that moment>/base.tar.gz -C <data>
    mkdir -p <data>/pg_wal && tar -xzf ${quoteShell(join(folder, 'base'))}/<the same>/pg_wal.tar.gz -C <data>/pg_wal
    touch <data>/recovery.signal
    # in <data>/postgresql.conf:
    #   archive_mode = off                       # until it takes the place of the old server
    #   restore_command = ${restoreCommand(folder)}
    #   recovery_target_time = '<moment>'        # leave it out for the end of the archive
    #   recovery_target_action = 'promote'
    pg_ctl -D <data> start

Kept: ${keepDumps} dumps of each database, ${keepBases} base backups, and the WAL since the older of them.
`;
}
