import type { ControlToken } from '../core/control-role.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { WebConfigReading, WebConfigSource } from '../core/ports/web-config.ts';
import type { Secret } from '../core/secret.ts';
import type { ControlApi } from './control-api.ts';
import { createControlRoutes } from './control-routes.ts';
import type { Listener } from './listener.ts';
import { createTokenAccess } from './token-access.ts';
import { startWebServer } from './web-server.ts';

export interface ControlListenerInput {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** TLS and headers; who may ask is said by tokens, so it must not name users. */
  readonly webConfig?: WebConfigSource | undefined;
  /** Without any, everybody on this machine is viewer, and nobody else may ask. */
  readonly tokens: readonly ControlToken[];
  /** Proves deliveries of alerts, as bearer or by a signature. */
  readonly webhookSecret?: Secret | undefined;
  /** `control.externalUrl`, where people reach this listener. */
  readonly externalUrl?: string | undefined;
  readonly api: ControlApi;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Serves the control interface over TCP.
 *
 * @throws {ListenError} when the address cannot be used.
 * @throws {ConfigError} when the web configuration file is broken.
 */
export function startControlListener(input: ControlListenerInput): Promise<Listener> {
  const { tokens, webhookSecret, externalUrl, api, clock, log } = input;
  const access = createTokenAccess({ tokens, webhookSecret, externalUrl, clock, log });
  const handle = createControlRoutes({ api, access, clock, log });
  return startWebServer({
    host: input.host,
    port: input.port,
    webConfig: input.webConfig === undefined ? undefined : withoutUsers(input.webConfig),
    createHandler: () => handle,
    advice: 'change control.listen',
    clock,
    log,
  });
}

/** A password that is asked for nowhere would be believed to protect something. */
function withoutUsers(source: WebConfigSource): WebConfigSource {
  const read = (): WebConfigReading => {
    const reading = source.read();
    if (reading.config === undefined || reading.config.users.size === 0) return reading;
    const message = 'the control listener knows no users: remove them here and configure control.tokens';
    return { ...reading, config: undefined, problems: [{ path: 'basic_auth_users', message }] };
  };
  return { path: source.path, read };
}
