/**
 * The double as a process of its own. It is not mongod.
 *
 *     node main.program.ts '{"kind":"replicaSet","operationsPerSecond":200,"databases":{"shop":{"orders":{}}}}'
 *
 * Prints one line of JSON with `uri` and `nodes`, then obeys lines of JSON on stdin, such as `{"do":"lag","index":1,"seconds":5}`, each
 * answered with a line. It ends when stdin does.
 */
import { createInterface } from 'node:readline';
import { type Deployment, startReplicaSet, startSharded, startStandalone } from './deployment.ts';
import { type Doc, docOf, isDoc, listOf, numberOf, textOf } from './values.ts';
import { startWorkload } from './workload.ts';

const starters: Readonly<Record<string, (options: Doc) => Promise<Deployment>>> = {
  standalone: (options) => startStandalone(options),
  replicaSet: (options) => startReplicaSet(options),
  // Shards are objects with a name; what the caller wrote is believed.
  sharded: (options) =>
    startSharded({
      ...options,
      shards: listOf(options['shards']).map((one) => ({ ...docOf(one), name: String(docOf(one)['name']) })),
    }),
};

type Action = (deployment: Deployment, order: Doc, index: number) => Promise<void> | void;

const actions: Readonly<Record<string, Action>> = {
  lag: ({ set }, order, index) => set.lag(index, numberOf(order['seconds']) ?? 0),
  elect: ({ set }, order, index) => set.elect(index, { keepOld: order['keepOld'] === true }),
  stepDown: ({ set }) => set.stepDown(),
  freezeReplication: ({ set }, _order, index) => set.freezeReplication(index),
  thawReplication: ({ set }, _order, index) => set.thawReplication(index),
  stop: (deployment, _order, index) => deployment.node(index).stop(),
  start: (deployment, _order, index) => deployment.node(index).start(),
  hang: (deployment, _order, index) => deployment.node(index).faults.hang(),
  resume: (deployment, _order, index) => deployment.node(index).faults.resume(),
  work: (deployment, order, index) =>
    deployment.member(index).counters.work(numberOf(order['operations']) ?? 0),
  use: (deployment, order, index) =>
    deployment.use(
      textOf(order['namespace']) ?? '',
      textOf(order['name']) ?? '',
      numberOf(order['ops']) ?? 1,
      index,
    ),
};

const options: unknown = JSON.parse(process.argv[2] ?? '{"kind":"standalone"}');
if (!isDoc(options)) throw new Error('the argument is a JSON object with "kind"');
const { kind, operationsPerSecond, ...rest } = options;
const start = starters[textOf(kind) ?? 'standalone'];
if (!start) throw new Error(`"kind" is one of ${Object.keys(starters).join(', ')}`);

await using deployment = await start(rest);
using _workload = startWorkload(deployment, { operationsPerSecond: numberOf(operationsPerSecond) ?? 0 });
say({
  double: 'this is not mongod',
  uri: deployment.uri,
  nodes: deployment.nodes.map(({ address }) => address),
});
for await (const line of createInterface({ input: process.stdin })) {
  const order: unknown = JSON.parse(line);
  const name = isDoc(order) ? textOf(order['do']) : undefined;
  const act = name === undefined ? undefined : actions[name];
  if (act && isDoc(order)) await act(deployment, order, numberOf(order['index']) ?? 0);
  say(act ? { done: name } : { unknown: line, known: Object.keys(actions) });
}

function say(message: Doc): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
