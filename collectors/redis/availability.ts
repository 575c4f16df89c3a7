import { type FieldReading, isOk, type NodeGroup, recordFields } from './fields.ts';

const fields: readonly FieldReading[] = [
  { field: 'uptime_in_seconds', metric: 'uptimeSeconds' },
  { field: 'loading', metric: 'loading' },
];

/** That a server answers, what it is, and its role. A server that does not answer is recorded by the collector. */
export const readAvailability: NodeGroup = (node, reading, context) => {
  const { info } = reading;
  const valkey = info.text('valkey_version');
  context.record('nodeUp', 1, { node: node.name });
  context.record('isPrimary', isOk(info.text('role'), 'master'), { node: node.name });
  context.record('serverInfo', 1, {
    node: node.name,
    product: valkey === undefined ? 'redis' : 'valkey',
    version: valkey ?? info.text('redis_version') ?? '',
    mode: info.text('redis_mode') ?? info.text('server_mode') ?? '',
  });
  recordFields(fields, node, reading, context);
};
