import { z } from 'zod';
import { startDoubleProcess } from '../measure/double-process.ts';

/** A double with very many collections: not MongoDB. */
export interface LargeDouble extends AsyncDisposable {
  readonly pid: number;
  readonly uri: string;
  /** What its clients that are connected now have sent so far, by name; up to half a second old. */
  commands(): Promise<Readonly<Record<string, number>>>;
}

export async function startLargeDouble(collections: number): Promise<LargeDouble> {
  const double = await startDoubleProcess({
    of: 'MongoDB',
    program: new URL('large.program.ts', import.meta.url),
    args: [String(collections)],
    readySuffix: '.commands',
  });
  const { uri } = z.object({ uri: z.string() }).parse(await double.read());
  return {
    pid: double.pid,
    uri,
    commands: async () => z.record(z.string(), z.number()).parse(await double.read('.commands')),
    [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
  };
}
