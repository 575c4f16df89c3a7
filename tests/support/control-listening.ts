import { createHash } from 'node:crypto';
import type { ControlRole, ControlToken } from '../../src/core/control-role.ts';
import { Secret } from '../../src/core/secret.ts';
import { type ControlListenerInput, startControlListener } from '../../src/http/control-listener.ts';
import type { Listener } from '../../src/http/listener.ts';
import { FakeClock } from './fake-clock.ts';
import { createFakeApi, type FakeApi, type FakeApiContent } from './fake-control-api.ts';
import { createRecordingLog, type RecordingLog } from './recording-log.ts';

export interface Listening extends AsyncDisposable {
  readonly url: string;
  readonly listener: Listener;
  readonly clock: FakeClock;
  readonly log: RecordingLog;
  readonly api: FakeApi;
}

export interface ListeningOptions
  extends Partial<Pick<ControlListenerInput, 'tokens' | 'externalUrl' | 'webConfig'>> {
  readonly webhookSecret?: string;
  readonly content?: FakeApiContent;
}

/** The control listener on a free port of 127.0.0.1. */
export async function listenForControl(options: ListeningOptions = {}): Promise<Listening> {
  const { tokens = [], webhookSecret, externalUrl, webConfig, content } = options;
  const clock = new FakeClock();
  const log = createRecordingLog();
  const api = createFakeApi(content);
  const listener = await startControlListener({
    host: '127.0.0.1',
    port: 0,
    tokens,
    webhookSecret: webhookSecret === undefined ? undefined : new Secret(webhookSecret),
    externalUrl,
    webConfig,
    api,
    clock,
    log,
  });
  const close = () => listener.close(0);
  return { url: listener.url, listener, clock, log, api, [Symbol.asyncDispose]: close };
}

/** A token whose secret is `<name>-secret`. */
export function tokenOf(name: string, role: ControlRole): ControlToken {
  return { name, role, sha256: createHash('sha256').update(`${name}-secret`).digest('hex') };
}

export function bearer(secret: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${secret}` };
}
