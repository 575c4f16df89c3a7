import { readdir, readFile, readlink } from 'node:fs/promises';

/** How many connections of a process lead to each port, by proc_pid_net(5). IPv4 only, as all of a benchmark's servers. */
export async function countConnectionsByPort(pid: number): Promise<ReadonlyMap<number, number>> {
  const [table, own] = await Promise.all([readFile(`/proc/${pid}/net/tcp`, 'utf8'), socketsOf(pid)]);
  const counts = new Map<number, number>();
  for (const line of table.split('\n').slice(1)) {
    const [, , remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
    if (state !== established || !own.has(inode)) continue;
    const port = Number.parseInt(remote.slice(remote.indexOf(':') + 1), 16);
    counts.set(port, (counts.get(port) ?? 0) + 1);
  }
  return counts;
}

const established = '01';

/** Inodes of the sockets that the process holds. */
async function socketsOf(pid: number): Promise<ReadonlySet<string>> {
  const files = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(
    files.map((file) =>
      readlink(`/proc/${pid}/fd/${file}`).catch(
        () => '', // closed since the list was read
      ),
    ),
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}
