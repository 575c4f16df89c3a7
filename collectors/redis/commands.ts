import { type FieldReading, type NodeGroup, recordFields } from './fields.ts';
import { parseFields, toNumber } from './info.ts';

const fields: readonly FieldReading[] = [
  { field: 'total_commands_processed', metric: 'commandsTotal' },
  { field: 'total_net_input_bytes', metric: 'networkInputBytesTotal' },
  { field: 'total_net_output_bytes', metric: 'networkOutputBytesTotal' },
  { field: 'eventloop_duration_sum', metric: 'eventLoopSecondsTotal', scale: 1e-6 },
];

const cpuStates = ['sys', 'user', 'sys_children', 'user_children'] as const;

/** Series stay few: these many commands have their own, the ones on which the server spent most time. */
const topCommands = 15;
/** The rest of them is kept for reports up to this many. */
const detailedCommands = 100;

const prefix = 'cmdstat_';

/** Commands in all and one by one, the network, and the processor. */
export const readCommands: NodeGroup = (node, reading, context) => {
  recordFields(fields, node, reading, context);
  const { info } = reading;
  for (const state of cpuStates) {
    context.record('cpuSecondsTotal', info.number(`used_cpu_${state}`), { node: node.name, state });
  }
  const percentiles = info.list('latencystats');
  const commands = [...info.list('commandstats')]
    .filter(([field]) => field.startsWith(prefix))
    .map(([field, text]) => ({ name: field.slice(prefix.length), counters: parseFields(text) }))
    .sort((a, b) => usec(b.counters) - usec(a.counters) || (a.name < b.name ? -1 : 1));
  for (const { name, counters } of commands.slice(0, topCommands)) {
    const labels = { node: node.name, command: name };
    context.record('commandCallsTotal', toNumber(counters.get('calls')), labels);
    context.record('commandSecondsTotal', scaled(counters.get('usec')), labels);
    context.record('commandRejectedTotal', toNumber(counters.get('rejected_calls')), labels);
    context.record('commandFailedTotal', toNumber(counters.get('failed_calls')), labels);
  }
  context.detail(
    'commands',
    commands.slice(0, detailedCommands).map(({ name, counters }) => {
      const quantiles = parseFields(percentiles.get(`latency_percentiles_usec_${name}`) ?? '');
      return {
        node: node.name,
        command: name,
        calls: toNumber(counters.get('calls')) ?? null,
        seconds: scaled(counters.get('usec')) ?? null,
        rejected: toNumber(counters.get('rejected_calls')) ?? null,
        failed: toNumber(counters.get('failed_calls')) ?? null,
        p50SecondsSinceStart: scaled(quantiles.get('p50')) ?? null,
        p99SecondsSinceStart: scaled(quantiles.get('p99')) ?? null,
        p999SecondsSinceStart: scaled(quantiles.get('p99.9')) ?? null,
      };
    }),
  );
  context.truncate(commands.length - detailedCommands);
};

function usec(counters: ReadonlyMap<string, string>): number {
  return toNumber(counters.get('usec')) ?? 0;
}

/** Microseconds in seconds. */
function scaled(text: string | undefined): number | undefined {
  const value = toNumber(text);
  return value === undefined ? undefined : value / 1e6;
}
