import { Redis } from 'ioredis';
import { CollectError, type CollectorInput, messageOf, type Secret } from '../../src/sdk.ts';
import { type Address, type Command, type Connection, formatAddress, type Outcome } from './connection.ts';
import { foreignAnswer, toReplyError } from './reply-error.ts';

export interface ClientOptions {
  /** A port, or a socket of this machine. */
  readonly address: Address | { readonly path: string };
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  /** Certificates in PEM; undefined for an unencrypted connection. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined;
  /** The name under which the server lists the connection. */
  readonly connectionName: string;
  /** Longest wait for the connection and for each answer. */
  readonly timeLimitMs: number;
  /** Takes what the server answers, as it came; never the login. */
  readonly onAnswer?: CollectorInput['onAnswer'];
}

/**
 * Connects and logs in. Never reconnects by itself: the scheduler decides when to try again.
 *
 * @throws {CollectError} `unreachable`, `timeout`, or `denied` for a wrong password.
 */
export async function connectRedis(options: ClientOptions, signal: AbortSignal): Promise<Connection> {
  const client = new RedisClient(options);
  try {
    await client.connect(signal);
    return client;
  } catch (thrown) {
    client.close();
    throw thrown;
  }
}

/** Commands whose replies hold secrets, keys or what clients sent. */
const untold: ReadonlySet<string> = new Set(['AUTH', 'SCAN', 'SLOWLOG']);
/** Commands whose first argument is a word of the protocol. */
const named: ReadonlySet<string> = new Set([
  'INFO',
  'CLUSTER',
  'CLIENT',
  'LATENCY',
  'MEMORY',
  'CONFIG',
  'SENTINEL',
]);

/** What OpenSSL and Node say when the other side answers a TLS greeting in plain text, or hangs up. */
const failedHandshake = /wrong version number|packet length too long|before secure TLS connection/i;

class RedisClient implements Connection {
  readonly #options: ClientOptions;
  readonly #redis: Redis;
  readonly #server: string;
  /** Why the connection broke; the driver rejects commands with a text that says less. */
  #failure: string | undefined;
  #closed = false;
  #connected = false;
  loginIgnored = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#server = 'path' in options.address ? options.address.path : formatAddress(options.address);
    this.#redis = new Redis({
      ...options.address,
      ...(options.tls ? { tls: options.tls } : {}),
      lazyConnect: true,
      // The driver would send the login itself, print warnings to the console and keep the password in its errors.
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: null,
      connectTimeout: options.timeLimitMs,
    });
    this.#redis.on('error', (error: Error) => {
      this.#failure = error.message;
    });
  }

  get isOpen(): boolean {
    // The driver calls itself ready for a moment after it has failed.
    return !this.#closed && this.#failure === undefined && this.#redis.status === 'ready';
  }

  async connect(signal: AbortSignal): Promise<void> {
    const { username, password, connectionName } = this.#options;
    await this.#within(this.#redis.connect(), 'connecting to', signal);
    this.#connected = true;
    const name: Command = ['CLIENT', 'SETNAME', connectionName];
    if (password === undefined) {
      // The name is a courtesy; a login that may not set it still collects.
      await this.pipeline([name], signal);
      return;
    }
    const secret = password.reveal();
    const login: Command = username === undefined ? ['AUTH', secret] : ['AUTH', username, secret];
    const [outcome] = await this.pipeline([login, name], signal);
    if (outcome?.error === undefined) return;
    if (/without any password configured|no password is set/i.test(outcome.error.message))
      this.loginIgnored = true;
    else throw outcome.error;
  }

  pipeline(commands: readonly Command[], signal: AbortSignal): Promise<readonly Outcome[]> {
    return this.#send(commands, 'call', signal);
  }

  pipelineBytes(commands: readonly Command[], signal: AbortSignal): Promise<readonly Outcome[]> {
    return this.#send(commands, 'callBuffer', signal);
  }

  async call(command: Command, signal: AbortSignal): Promise<unknown> {
    const [outcome] = await this.pipeline([command], signal);
    if (outcome === undefined)
      throw new CollectError('malformed', `no reply to ${command[0]} from ${this.#server}`);
    if (outcome.error) throw outcome.error;
    return outcome.reply;
  }

  async listen(
    pattern: string,
    take: (message: string) => 'go on' | 'enough',
    until: AbortSignal,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => undefined); // awaited below, unless subscribing fails first
    this.#redis.on('pmessage', (_pattern: string, _channel: string, message: string) => {
      if (take(message) === 'enough') resolve();
    });
    this.#redis.once('end', () => reject(this.#broken('the connection ended')));
    until.addEventListener('abort', () => resolve(), { once: true });
    if (until.aborted) resolve();
    try {
      await this.#redis.psubscribe(pattern);
    } catch (thrown) {
      throw toReplyError(thrown, ['PSUBSCRIBE'], this.#conversation());
    }
    await promise;
  }

  close(): void {
    this.#closed = true;
    this.#redis.disconnect();
    // A server that hangs would keep a politely ended socket open.
    this.#redis.stream?.destroy();
  }

  async #send(
    commands: readonly Command[],
    how: 'call' | 'callBuffer',
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const pipeline = this.#redis.pipeline();
    for (const [name, ...args] of commands) pipeline[how](name, ...args);
    const results = await this.#within(pipeline.exec(), commands[0]?.[0] ?? '', signal);
    const outcomes = commands.map((command, index): Outcome => {
      const [error, reply] = results?.[index] ?? [new Error('the connection closed')];
      return error ? { error: toReplyError(error, command, this.#conversation()) } : { reply };
    });
    this.#tell(commands, outcomes);
    if (!this.isOpen)
      throw this.#broken(outcomes.find(({ error }) => error)?.error?.message ?? 'the connection closed');
    return outcomes;
  }

  /** Without arguments, which may be keys or secrets; replies as bytes are keys and stay here. */
  #tell(commands: readonly Command[], outcomes: readonly Outcome[]): void {
    const { onAnswer } = this.#options;
    if (onAnswer === undefined) return;
    for (const [index, [name, detail]] of commands.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome.error || untold.has(name)) continue;
      const request = typeof detail === 'string' && named.has(name) ? `${name} ${detail}` : name;
      onAnswer({ subject: this.#server, request, answer: outcome.reply });
    }
  }

  /** Waits no longer than the limit and the signal allow; gives the connection up when they end first, for its replies are late now. */
  #within<T>(work: Promise<T>, what: string, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void => {
        this.close();
        reject(new CollectError('timeout', `${what} ${this.#server}: no answer in time${this.#tlsHint()}`));
      };
      const timer = setTimeout(giveUp, this.#options.timeLimitMs);
      const settled = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      void work.then(resolve, (thrown: unknown) => reject(this.#broken(messageOf(thrown)))).finally(settled);
      if (signal.aborted) giveUp();
    });
  }

  #broken(message: string): CollectError {
    const text = this.#failure ?? message;
    const foreign = foreignAnswer(text);
    if (foreign !== undefined) return new CollectError('malformed', `${this.#server}: ${foreign}`);
    const isTimeout = /ETIMEDOUT/.test(text);
    const hint = isTimeout || failedHandshake.test(text) ? this.#tlsHint() : '';
    return new CollectError(
      isTimeout ? 'timeout' : 'unreachable',
      `no connection to ${this.#server}: ${text}${hint}`,
    );
  }

  /** A server without TLS waits for more when it is greeted with TLS, and neither side ever says why. */
  #tlsHint(): string {
    if (this.#options.tls === undefined || this.#connected) return '';
    return '; the target asks for TLS (rediss:// or tls): does the server speak TLS on this port?';
  }

  #conversation(): { readonly server: string; readonly username: string | undefined } {
    return { server: this.#server, username: this.#options.username };
  }
}
