/**
 * A double of a replica set of three with very many collections, in a process of its own. Not MongoDB: tests/support/mongod says what it is.
 *
 *     node large.program.ts COLLECTIONS FILE
 *
 * Writes its address to FILE and, twice a second, how many commands its clients sent it, by name, to FILE.commands. Ends at SIGTERM.
 */
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { startReplicaSet } from '../../tests/support/mongod/deployment.ts';

const [collections = '12000', file = ''] = process.argv.slice(2);
const collection = { documents: 100, indexes: [{ key: { a: 1 } }, { key: { a: 1, b: 1 } }] };
await using deployment = await startReplicaSet({
  users: { reeve: { password: 'double', roles: ['clusterMonitor', 'read@local'] } },
  databases: {
    big: Object.fromEntries(
      Array.from({ length: Number(collections) }, (_, at) => [`collection_${at}`, collection]),
    ),
  },
});
write(file, { uri: deployment.uri });
const timer = setInterval(() => write(`${file}.commands`, countCommands()), 500);
await once(process, 'SIGTERM');
clearInterval(timer);

function countCommands(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const node of deployment.nodes) {
    for (const name of node.connections().flatMap(({ commands }) => commands)) {
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}

/** Written elsewhere first: whoever reads it reads all or nothing. */
function write(path: string, content: unknown): void {
  writeFileSync(`${path}.part`, JSON.stringify(content));
  renameSync(`${path}.part`, path);
}
