import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/** What the watchdog sends first when this process is gone; SIGKILL follows after three seconds. */
export type OrphanSignal = 'TERM' | 'INT' | 'QUIT' | 'KILL';

/** Every temporary directory of the tests begins with this, and the watchdog removes nothing else. */
export const TEMP_PREFIX = 'reeve-temp-';

/**
 * Promises that the process group `pid` does not outlive this process, however this process ends (also by SIGKILL or in a
 * worker thread that is terminated).
 *
 * A detached `sh` reads our notes from a pipe. The kernel closes the pipe when we die, and the shell then ends what is left. So no
 * handler for `exit`, SIGINT, SIGTERM or uncaught exceptions is needed, and the caller's own handlers stay as they are.
 */
export function guardProcessGroup(pid: number, signal: OrphanSignal): void {
  note(`add ${pid} ${signal}`);
}

/** Call when the group leader has exited, before its number can be given to somebody else. */
export function releaseProcessGroup(pid: number): void {
  note(`drop ${pid}`);
}

/** Promises that a temporary directory is removed when this process ends. */
export function guardDirectory(path: string): void {
  note(`dir ${path}`);
}

// The one piece of module state in tests/support: there is one process, so there is one watchdog for it.
let notes: Writable | undefined;

function note(line: string): void {
  notes ??= startWatchdog();
  notes.write(`${line}\n`);
}

function startWatchdog(): Writable {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'reeve-temp-watchdog', TEMP_PREFIX], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  // Somebody killed the watchdog: the tests go on unguarded, a test run must not fail for it.
  child.stdin.on('error', () => undefined);
  return child.stdin;
}

// Plain sh, so that no second Node has to stay in memory. `kill -s X -- -PID` addresses the whole process group; CONT wakes what a
// test has stopped. A zombie counts as ended: the init of a container may be slow to reap. PostgreSQL's backends lead groups of their own, they die with their postmaster: hence the second rm.
const SCRIPT = `
trap '' INT TERM HUP QUIT
prefix=$1; shift; pids=
while read -r verb value; do
  case $verb in
    add) pids="$pids \${value%% *}:\${value##* }" ;;
    drop) next=; for p in $pids; do [ "\${p%%:*}" = "$value" ] || next="$next $p"; done; pids=$next ;;
    dir) case \${value##*/} in "$prefix"*) set -- "$@" "$value" ;; esac ;;
  esac
done
for p in $pids; do kill -s "\${p##*:}" -- "-\${p%%:*}"; kill -s CONT -- "-\${p%%:*}"; done
i=0
while [ $i -lt 60 ]; do
  alive=; for p in $pids; do grep -qs '^State:.[^ZX]' "/proc/\${p%%:*}/status" && alive=1; done
  [ -n "$alive" ] || break
  i=$((i+1)); sleep 0.05
done
for p in $pids; do kill -s KILL -- "-\${p%%:*}"; done
[ $# -eq 0 ] || rm -rf -- "$@" || { sleep 1; rm -rf -- "$@"; }
`;
