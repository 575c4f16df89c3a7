import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { CliContext } from '../../../src/cli/context.ts';
import { runCli } from '../../../src/cli/program.ts';
import type { CheckItem } from '../../../src/core/check-item.ts';
import { defineEngine, type Engine } from '../../../src/core/engine.ts';
import { CollectError } from '../../../src/core/errors.ts';
import type { Operations } from '../../../src/core/remediation/operations.ts';
import { createSystemClock } from '../../../src/telemetry/clock.ts';
import { fakeManifest } from '../../support/fake-engine.ts';

/** What the server behind every target of the fake engine does. */
export interface FakeServer {
  /** Targets whose collector cannot connect, with the message. */
  readonly refused?: Readonly<Record<string, string>>;
  readonly lacks?: readonly CheckItem[];
  /** Rows that a cap leaves out of the slow group. */
  readonly truncatedRows?: number;
  /** Set when reading the slow group costs money; called at every reading of it. */
  readonly onPaid?: () => void;
  /** The slow group ends only when it is aborted. */
  readonly slowHangs?: boolean;
  /** Never answers and heeds no abort. */
  readonly hangs?: boolean;
  /** 20 unless given. With it the temperature is judged, as if it were money that was spent. */
  readonly temperature?: () => number;
  /** What may be done on a target; then the temperature is judged as unused indexes. Throws when they cannot be made. */
  readonly operations?: (target: string) => Operations;
  /** Called when a collector is made. */
  readonly onCollector?: () => void;
}

export function createServerEngine(server: FakeServer = {}): Engine {
  const { operations } = server;
  const engine = collectingEngine(server);
  if (operations === undefined) return engine;
  return { ...engine, createOperations: async ({ target }) => operations(target.id) };
}

function collectingEngine(server: FakeServer): Engine {
  return defineEngine({
    ...fakeManifest,
    groups: {
      fast: fakeManifest.groups.fast,
      slow: { ...fakeManifest.groups.slow, ...(server.onPaid === undefined ? {} : { paidEveryMs: 60_000 }) },
    },
    objectives:
      server.temperature === undefined
        ? []
        : [
            {
              objective: server.operations === undefined ? 'bigquery_spend_usd' : 'unused_index_bytes',
              metric: 'temperature',
            },
          ],
    starter: { protocols: ['fake', 'fakes'] },
    options: (fields) => z.strictObject({ url: fields.secretUrl(['fake', 'fakes']) }),
    createCollector: ({ target, options }) => {
      server.onCollector?.();
      return Promise.resolve({
        open: async () => {
          if (server.hangs === true) await new Promise<never>(() => undefined);
          const reason = server.refused?.[target.id];
          if (reason !== undefined) throw new CollectError('denied', `${reason} at ${options.url.reveal()}`);
          return { version: '1.0', role: 'primary', address: 'db1', port: 5 };
        },
        read: (group, context) => {
          if (group === 'slow' && server.slowHangs === true)
            return new Promise((_resolve, reject) => {
              context.signal.addEventListener('abort', () =>
                reject(new CollectError('timeout', 'no answer')),
              );
            });
          if (group === 'fast') context.record('temperature', server.temperature?.() ?? 20, {});
          else {
            server.onPaid?.();
            context.record('size', 4, { room: 'kitchen' });
            if (server.truncatedRows !== undefined) context.truncate(server.truncatedRows);
          }
          if (group === 'fast') {
            context.find({
              code: 'cold',
              severity: 'warning',
              subject: '',
              message: 'It is cold.',
              remedy: 'HEAT',
            });
          }
          return Promise.resolve();
        },
        check: () => Promise.resolve(server.lacks ?? []),
        assumptions: () => Promise.resolve([]),
        close: () => Promise.resolve(),
      });
    },
  });
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliFixture {
  readonly folder: string;
  write(name: string, text: string): string;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  remove(): void;
}

export interface RunOptions {
  readonly server?: FakeServer;
  readonly env?: Readonly<Record<string, string>>;
  readonly context?: Partial<CliContext>;
}

/** Runs command lines in a folder of their own, with the fake engine and nothing of this process. */
export function createCliFixture(): CliFixture {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-cli-'));
  return {
    folder,
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    async run(args, { server, env = {}, context = {} } = {}) {
      let stdout = '';
      let stderr = '';
      const code = await runCli(args, {
        version: '1.2.3',
        command: 'reeve',
        host: 'host1',
        env,
        clock: createSystemClock(),
        random: () => 0.5,
        loadEngines: () => Promise.resolve(new Map([['fake', createServerEngine(server)]])),
        writeData: async (data) => {
          stdout += typeof data === 'string' ? data : Buffer.from(data).toString();
        },
        writeNote: (text) => {
          stderr += text;
        },
        isTerminal: false,
        pid: process.pid,
        programEnv: {},
        user: 'ada',
        askPerson: undefined,
        signals: { on: () => () => undefined },
        onFault: () => () => undefined,
        checkout: undefined,
        ...context,
      });
      return { code, stdout, stderr };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
