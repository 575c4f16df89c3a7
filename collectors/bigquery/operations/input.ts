import type { OperationsInput } from '../../../src/sdk.ts';
import type { BigqueryOptions } from '../config.ts';

export type BigqueryOperationsInput = OperationsInput<BigqueryOptions>;
