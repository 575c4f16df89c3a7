import type { OperationsInput } from '../../../src/sdk.ts';
import type { CosmosdbOptions } from '../config.ts';

export type CosmosdbOperationsInput = OperationsInput<CosmosdbOptions>;
