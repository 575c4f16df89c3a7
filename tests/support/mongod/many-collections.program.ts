/**
 * What a MongoDB with very many collections costs the agent: time, processor and memory of each reading until all collections were
 * visited. The server is a double (tests/support/mongod) in a process of its own, not mongod: its answers come faster than a server's.
 *
 *     node --expose-gc many-collections.program.ts [collections] [members] [collectionsPerReading] [rotations]
 *
 * Prints one line of JSON a reading.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { engine } from '../../../collectors/mongodb/index.ts';
import { watchTarget } from '../watching.ts';
import { startReplicaSet } from './deployment.ts';

const [collections = 12_000, members = 3, perReading = 2_000, rotations = 1] = process.argv
  .slice(2)
  .map(Number);

if (process.env['ROLE'] === 'double') await serve();
else await measure();

async function serve(): Promise<void> {
  const collection = { documents: 100, indexes: [{ key: { a: 1 } }, { key: { a: 1, b: 1 } }] };
  await using deployment = await startReplicaSet({
    members: Array.from({ length: members }, () => ({})),
    databases: {
      big: Object.fromEntries(
        Array.from({ length: collections }, (_, at) => [`collection_${at}`, collection]),
      ),
    },
  });
  process.stdout.write(`${deployment.uri}\n`);
  for await (const _ of process.stdin) break;
}

async function measure(): Promise<void> {
  const script = process.argv[1] ?? '';
  const double = spawn(process.execPath, [script, ...process.argv.slice(2)], {
    env: { ...process.env, ROLE: 'double' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    for await (const uri of createInterface(double.stdout)) {
      await readAll(uri);
      break;
    }
  } finally {
    double.stdin.end();
    double.kill();
  }
}

async function readAll(uri: string): Promise<void> {
  const others = Object.keys(engine.groups).filter((name) => name !== 'indexes' && name !== 'storage');
  await using watching = watchTarget({
    engine,
    target: {
      url: { env: 'URL' },
      collectionsPerReading: perReading,
      groups: Object.fromEntries(others.map((name) => [name, { enabled: false }])),
    },
    env: { URL: uri },
  });
  say({ reading: 0, ...memory() });
  const readings = rotations * Math.ceil(collections / perReading) + 2;
  for (let reading = 1; reading <= readings; reading += 1) {
    const startMs = performance.now();
    const before = process.cpuUsage();
    const snapshot = await watching.collect();
    const used = process.cpuUsage(before);
    const coverage = snapshot.samples.find(
      ({ metric }) => metric.name === 'reeve_mongodb_index_coverage_ratio',
    );
    say({
      reading,
      states: snapshot.readings.map(
        ({ group, state, durationMs }) => `${group} ${state} ${Math.round(durationMs)} ms`,
      ),
      tookMs: Math.round(performance.now() - startMs),
      processorMs: Math.round((used.user + used.system) / 1000),
      indexCoverage: coverage?.value,
      series: snapshot.samples.length,
      ...memory(),
    });
  }
}

function memory(): Readonly<Record<string, number>> {
  const beforeMiB = process.memoryUsage.rss() / 2 ** 20;
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    rssMiB: Math.round(beforeMiB),
    rssAfterGcMiB: Math.round(rss / 2 ** 20),
    heapUsedMiB: Math.round(heapUsed / 2 ** 20),
    externalMiB: Math.round(external / 2 ** 20),
  };
}

function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
