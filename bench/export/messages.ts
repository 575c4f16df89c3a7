import { z } from 'zod';

/** What the benchmark asks of the process under test, over Node's channel between parent and child. */
export const requestSchema = z.discriminatedUnion('kind', [
  /** Calls the handler, one call after another, with nothing else going on. */
  z.object({ kind: z.literal('handle'), encoding: z.enum(['identity', 'gzip']), calls: z.number() }),
  /**
   * Watches the event loop while snapshots are replaced, one target after another, each once in `cycleMs`; or all at once at the
   * beginning of each cycle. Without a cycle nothing is replaced.
   */
  z.object({ kind: z.literal('watch'), cycleMs: z.number().optional(), atOnce: z.boolean() }),
  z.object({ kind: z.literal('unwatch') }),
]);

export type ExportRequest = z.infer<typeof requestSchema>;

export const readySchema = z.object({ port: z.number() });

export const handledSchema = z.object({
  /** The event loop was busy for so long, per call, in milliseconds; without the time it waited for a core. */
  busyMs: z.array(z.number()),
  /** From the call to its result, in milliseconds. */
  wallMs: z.array(z.number()),
  bytes: z.number(),
});

export const watchedSchema = z.object({
  /** Longest time in which the event loop served nothing else, in milliseconds; without the time it waited for a core. */
  longestMs: z.number(),
  p99Ms: z.number(),
  /** The longest with the time it waited for a core that other programs had. */
  longestWithWaitMs: z.number(),
  seconds: z.number(),
  replaced: z.number(),
  /** Share of the time in which the event loop was busy. */
  utilization: z.number(),
  /** CPU time of the whole process, its thread pool included, as a share of one core. */
  cpuShare: z.number(),
});

export type Handled = z.infer<typeof handledSchema>;
export type Watched = z.infer<typeof watchedSchema>;
