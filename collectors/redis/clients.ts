import { type FieldReading, type NodeGroup, recordFields } from './fields.ts';

const fields: readonly FieldReading[] = [
  { field: 'connected_clients', metric: 'clientsConnected' },
  { field: 'blocked_clients', metric: 'clientsBlocked' },
  { field: 'maxclients', metric: 'clientsLimit' },
  { field: 'client_recent_max_input_buffer', metric: 'clientInputBufferBytes' },
  { field: 'client_recent_max_output_buffer', metric: 'clientOutputBufferBytes' },
  { field: 'total_connections_received', metric: 'connectionsTotal' },
  { field: 'rejected_connections', metric: 'connectionsRejectedTotal' },
];

/** Connections of clients against their limit. */
export const readClients: NodeGroup = (node, reading, context) => {
  recordFields(fields, node, reading, context);
};
