import { MongoClient } from 'mongodb';

/** A connection to the server of a drill: nothing else is ever reached by it. */
export type ScratchClient = MongoClient;

/** Connects to nothing yet. Whoever makes it closes it. */
export function createScratchClient(uri: string): ScratchClient {
  const client = new MongoClient(uri, {
    directConnection: true,
    appName: 'reeve drill',
    serverSelectionTimeoutMS: 1_000,
    connectTimeoutMS: 5_000,
    maxPoolSize: 2,
  });
  // Without a listener the driver's own errors would have nowhere to go.
  client.on('error', () => undefined);
  return client;
}
