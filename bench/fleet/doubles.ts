import { z } from 'zod';
import { startDoubleProcess } from '../measure/double-process.ts';

export type DoubleKind = 'mongodb' | 'cosmosdb' | 'bigquery';

const descriptionSchema = z.object({
  /** As in reeve.yaml. */
  targets: z.array(z.record(z.string(), z.unknown())),
  /** What their secrets are read from. */
  env: z.record(z.string(), z.string()),
  /** Where it listens. */
  ports: z.array(z.number()),
});

export type DoubleDescription = z.infer<typeof descriptionSchema>;

/** A running double of an engine: not the real thing. */
export interface Double extends AsyncDisposable, DoubleDescription {
  readonly kind: DoubleKind;
  readonly pid: number;
}

/** Starts a process with doubles for so many targets. */
export async function startDouble(kind: DoubleKind, count: number): Promise<Double> {
  const double = await startDoubleProcess({
    of: kind,
    program: new URL('double.program.ts', import.meta.url),
    args: [kind, String(count)],
  });
  const description = descriptionSchema.parse(await double.read());
  const stop = (): PromiseLike<void> => double[Symbol.asyncDispose]();
  return { kind, pid: double.pid, ...description, [Symbol.asyncDispose]: stop };
}
