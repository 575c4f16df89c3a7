import type { OperationsInput } from '../../../src/sdk.ts';
import type { MongodbOptions } from '../config.ts';

export type MongodbOperationsInput = OperationsInput<MongodbOptions>;
