import { join } from 'node:path';
import type { CliContext, SignalName } from '../../../src/cli/context.ts';
import { ask } from '../../support/net/http-client.ts';
import { waitUntil } from '../../support/wait-until.ts';
import type { CliFixture, FakeServer, Ran } from './support.ts';

/** `reeve run` in this process. */
export interface Running {
  /** The metrics page. */
  readonly url: string;
  readonly done: Promise<Ran>;
  log(): string;
  signal(name: SignalName): void;
  scrape(): Promise<string>;
  reload(): Promise<{ readonly status: number; readonly body: string }>;
}

export interface StartOptions {
  readonly server?: FakeServer;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the daemon with this configuration; its store must be `./d`. Whoever started it ends it with a signal. */
export async function startRun(
  fixture: CliFixture,
  text: string,
  { server = {}, env = {} }: StartOptions = {},
): Promise<Running> {
  const path = fixture.write('reeve.yaml', text);
  const listeners = new Map<SignalName, () => void>();
  let log = '';
  const context: Partial<CliContext> = {
    writeNote: (note) => {
      log += note;
    },
    signals: {
      on: (name, listener) => {
        listeners.set(name, listener);
        return () => void listeners.delete(name);
      },
    },
  };
  const done = fixture.run(['run', '-c', path, '--shutdown-timeout', '2s'], { env, server, context });
  const url = await waitUntil('the daemon to run', () => /"metrics":"([^"]+)"/.exec(log)?.[1]).catch(
    (error: unknown) => {
      throw new Error(`the daemon did not start:\n${log}`, { cause: error });
    },
  );
  return {
    url,
    done,
    log: () => log,
    signal: (name) => listeners.get(name)?.(),
    scrape: async () => (await fetch(url)).text(),
    reload: () =>
      ask('http://reeve/-/reload', {
        method: 'POST',
        socketPath: join(fixture.folder, 'd', 'control.sock'),
      }),
  };
}
