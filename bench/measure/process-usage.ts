import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** USER_HZ, the unit of /proc/<pid>/stat: 100 on every Linux that Node supports. */
const tickMs = 10;

/** CPU time of a process with all its threads, user and system, in milliseconds; grows in steps of 10. */
export function readCpuMs(pid: number): number {
  const { user, system } = readStat(pid);
  return (user + system) * tickMs;
}

/**
 * CPU time of a server with all its processes, also of those that have ended (a parent inherits the time of children it waited for),
 * in milliseconds. Each process adds an error of up to 10 ms.
 */
export async function readFamilyCpuMs(pid: number): Promise<number> {
  const { user, system, childrenUser, childrenSystem } = readStat(pid);
  const children = await childrenOf(pid);
  const living = children.map((child) => {
    try {
      return readCpuMs(child);
    } catch {
      return 0; // it ended after the list was read: its time is with the parent at the next reading
    }
  });
  return (
    (user + system + childrenUser + childrenSystem) * tickMs + living.reduce((sum, each) => sum + each, 0)
  );
}

/** Memory of a process in MiB: resident now, the most it ever was, and what of it now is no file's (code is a file's). */
export interface MemoryMiB {
  readonly now: number;
  readonly peak: number;
  readonly anonymous: number;
}

export async function readMemoryMiB(pid: number): Promise<MemoryMiB> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const read = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM'), anonymous: read('RssAnon') };
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(threads.map((id) => readFile(`/proc/${pid}/task/${id}/children`, 'utf8')));
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}

/** Fields 14 to 17 of proc_pid_stat(5); the name in field 2 may hold spaces and parentheses. */
function readStat(pid: number): Record<'user' | 'system' | 'childrenUser' | 'childrenSystem', number> {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15).map(Number);
  return { user, system, childrenUser, childrenSystem };
}
