import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The gRPC service of the analyser. */
export interface AnalyserClient {
  /** @throws what gRPC throws; its message begins with the code. */
  call(method: string, request: object): Promise<object>;
  close(): void;
}

// What we use of grpc-js and proto-loader; they are installed beside the analyser only, so their types are not at hand.
interface Grpc {
  readonly credentials: { createInsecure(): unknown };
  loadPackageDefinition(definition: unknown): ServicePackage;
}
interface Stub {
  close(): void;
  readonly [method: string]: (
    request: object,
    callback: (error: Error | null, answer: object) => void,
  ) => void;
}
interface ServicePackage {
  readonly zetasql: {
    readonly local_service: {
      readonly ZetaSqlLocalService: new (address: string, credentials: unknown, options: object) => Stub;
    };
  };
}
interface ProtoLoader {
  loadSync(file: string, options: object): unknown;
}

/** @param library the directory `lib` of the analyser's package. */
export function connect(library: string, port: number): AnalyserClient {
  const load = createRequire(join(library, 'index.js'));
  const grpc: Grpc = load('@grpc/grpc-js');
  const loader: ProtoLoader = load('@grpc/proto-loader');
  const definition = loader.loadSync('local_service.proto', {
    defaults: true,
    oneofs: true,
    longs: String, // int64 without loss
    includeDirs: [join(library, 'zetasql', 'protos')],
  });
  const { ZetaSqlLocalService } = grpc.loadPackageDefinition(definition).zetasql.local_service;
  const limit = { 'grpc.max_receive_message_length': 64 * 1024 ** 2 };
  const stub = new ZetaSqlLocalService(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), limit);
  return {
    call: (method, request) =>
      new Promise((resolve, reject) => {
        stub[method]?.(request, (error, answer) => {
          if (error === null) resolve(answer);
          else reject(error);
        });
      }),
    close: () => stub.close(),
  };
}
