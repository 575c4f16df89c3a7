import { MongoClient, type MongoClientOptions } from 'mongodb';

export interface TestClient extends AsyncDisposable {
  readonly client: MongoClient;
  /** One command on `admin`, or on the database named last. */
  command(
    command: Readonly<Record<string, unknown>>,
    database?: string,
  ): Promise<Readonly<Record<string, unknown>>>;
}

/** The official driver, connected and closed again when disposed. */
export async function connect(uri: string, options: MongoClientOptions = {}): Promise<TestClient> {
  const client = new MongoClient(uri, {
    serverSelectionTimeoutMS: 2_000,
    heartbeatFrequencyMS: 500,
    ...options,
  });
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    client,
    command: async (command, database = 'admin') => await client.db(database).command(command),
    [Symbol.asyncDispose]: () => client.close(),
  };
}
