import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BSON, MongoClient, type MongoClientOptions } from 'mongodb';
import { type Clock, CollectError, type ServerAnswer } from '../../src/sdk.ts';
import { type Address, formatAddress } from './address.ts';
import { type Call, codeOf, toMemberError } from './client-errors.ts';
import { commentOf, firstBatch, requestText, subjectOf } from './client-requests.ts';
import { type Document, isDocument } from './document.ts';

export interface CallOptions {
  readonly signal: AbortSignal;
  /** Longest time the server may spend, in milliseconds; the connection's own limit when absent. */
  readonly maxTimeMs?: number;
  /** The reading group, which the server's log shows as `comment: "reeve:<group>"`. */
  readonly group?: string;
}

export { BSON };

/** One member, spoken to directly whatever its role. Connects at the first call; connects anew after it was unreachable. */
export interface MemberClient {
  /** `host:port`. */
  readonly name: string;
  /**
   * Runs a command with a time limit that the server keeps.
   *
   * @throws {CollectError} `unreachable`, `timeout`, `denied`, `unsupported`, `throttled` or `malformed`; `codeOf` tells the server's code.
   */
  command(db: string, command: Document, options: CallOptions): Promise<Document>;
  /**
   * Runs a command that answers with a cursor (`aggregate`, `find`, `listCollections`, `listIndexes`) and gives its documents batch
   * by batch, never holding more than one batch. `collection: 1` style aggregates work as the server defines them.
   */
  query(
    db: string,
    command: Document,
    options: CallOptions & { readonly batchSize?: number },
  ): AsyncIterable<Document>;
  /**
   * Runs exactly this command: no time limit, comment or other field is added. Answers after whatever time it takes, unless `limitMs` is
   * given or the signal ends the waiting; then nobody knows whether it was done.
   *
   * @throws {CollectError} as `command`; `codeOf` is undefined where the server did not answer.
   */
  run(
    db: string,
    command: Document,
    options: { readonly signal: AbortSignal; readonly limitMs: number | undefined },
  ): Promise<Document>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly address: Address;
  /** As the member calls itself; the address when absent. */
  readonly name?: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly authSource: string | undefined;
  readonly authMechanism: string | undefined;
  /** Paths of PEM files and switches; undefined for an unencrypted connection. Files are read at each connection. */
  readonly tls: TlsOptions | undefined;
  /** The name under which the server lists the connection. */
  readonly applicationName: string;
  /** Longest wait for a connection, and for the answer to a command that sets no limit of its own, in milliseconds. */
  readonly timeLimitMs: number;
  readonly clock: Clock;
  readonly onAnswer?: ((answer: ServerAnswer) => void) | undefined;
  /** For commands that take hours: one connection, which is identified before it acts and is never cut for want of an answer. */
  readonly isActing?: boolean | undefined;
}

export interface TlsOptions {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** One file with certificate and key, as `tlsCertificateKeyFile` in a URL. */
  readonly certKey?: string | undefined;
  readonly certKeyPassword?: string | undefined;
  readonly allowInvalidCertificates?: boolean;
  readonly allowInvalidHostnames?: boolean;
}

/** The server keeps its limit; the client waits this much longer before it gives up. */
const longestGraceMs = 500;
/** A call without an answer is waited for so long, in case the server still works on it; then its connection is cut. */
const socketTimeoutMs = 150_000;
const defaultBatch = 500;
const closeLimitMs = 500;

/** Makes the client of one member; connects to nothing yet. */
export function createMemberClient(options: ClientOptions): MemberClient {
  return new DirectClient(options);
}

/** A request without an answer; each is an object of its own, so that only its own end removes it. */
interface Abandoned {
  readonly sentMs: number;
}

class DirectClient implements MemberClient {
  readonly name: string;
  readonly #options: ClientOptions;
  readonly #graceMs: number;
  #client: Promise<MongoClient> | undefined;
  #closed = false;
  /** Commands that were given up and that the server may still be working on. */
  readonly #abandoned = new Map<string, Abandoned>();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#graceMs = Math.min(longestGraceMs, options.timeLimitMs / 4);
    this.name = options.name ?? formatAddress(options.address);
  }

  async command(db: string, command: Document, options: CallOptions): Promise<Document> {
    const call = this.#call(db, command);
    const key = `${db}.${call.request}`;
    this.#refuseAbandoned(key, call);
    const maxTimeMS = options.maxTimeMs ?? this.#options.timeLimitMs;
    const sent = this.#send(db, { ...command, maxTimeMS, ...commentOf(options.group) });
    const answer = await this.#within(sent, call, {
      signal: options.signal,
      limitMs: maxTimeMS + this.#graceMs,
      key,
    });
    this.#report(command, answer);
    return answer;
  }

  async *query(
    db: string,
    command: Document,
    options: CallOptions & { readonly batchSize?: number },
  ): AsyncIterable<Document> {
    const call = this.#call(db, command);
    const maxTimeMS = options.maxTimeMs ?? this.#options.timeLimitMs;
    const batchSize = options.batchSize ?? defaultBatch;
    const key = `${db}.${requestText(command)} ${subjectOf(command)}`;
    this.#refuseAbandoned(key, call);
    const limits = { signal: options.signal, limitMs: maxTimeMS + this.#graceMs, key };
    const client = await this.#within(this.#connected(), call, { ...limits, key: undefined });
    const cursor = client
      .db(db)
      .runCursorCommand({
        ...command,
        ...firstBatch(command, batchSize),
        maxTimeMS,
        ...commentOf(options.group),
      })
      .setBatchSize(batchSize);
    try {
      for (;;) {
        const next = await this.#within(cursor.tryNext(), call, limits);
        if (!isDocument(next)) return;
        this.#report(command, next);
        yield next;
      }
    } finally {
      // Not waited for: a server that hangs would keep us.
      cursor.close().catch(() => undefined);
    }
  }

  async run(
    db: string,
    command: Document,
    { signal, limitMs }: { readonly signal: AbortSignal; readonly limitMs: number | undefined },
  ): Promise<Document> {
    const limits = { signal, limitMs, key: undefined };
    return this.#within(this.#send(db, command), this.#call(db, command), limits);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#drop();
  }

  async #send(db: string, command: Document): Promise<Document> {
    const client = await this.#connected();
    const answer: unknown = await client.db(db).command(command);
    if (isDocument(answer)) return answer;
    throw new CollectError(
      'malformed',
      `${this.name} answered ${Object.keys(command)[0]} with something else than a document`,
    );
  }

  async #connected(): Promise<MongoClient> {
    if (this.#closed) throw new CollectError('unreachable', `the connection to ${this.name} is closed`);
    const current = (this.#client ??= this.#connect());
    try {
      return await current;
    } catch (thrown) {
      if (this.#client === current) this.#client = undefined;
      throw thrown;
    }
  }

  async #connect(): Promise<MongoClient> {
    const url = `mongodb://${formatAddress(this.#options.address)}/`;
    const client = new MongoClient(url, await clientOptions(this.#options));
    // Without a listener the driver's own errors would have nowhere to go.
    client.on('error', () => undefined);
    const lost = Promise.withResolvers<never>();
    // The driver would try until its time is up; whether the next poll finds a server is the scheduler's affair.
    client.once('serverHeartbeatFailed', ({ failure }) => lost.reject(failure));
    lost.promise.catch(() => undefined);
    try {
      await Promise.race([client.connect(), lost.promise]);
    } catch (thrown) {
      await client.close(true).catch(() => undefined);
      throw thrown;
    }
    if (this.#closed) await client.close(true);
    return client;
  }

  /** What hangs on a server is not made more by asking again. */
  #refuseAbandoned(key: string, call: Call): void {
    const abandoned = this.#abandoned.get(key);
    if (abandoned === undefined) return;
    const seconds = Math.round((this.#options.clock.monotonicMs() - abandoned.sentMs) / 1000);
    throw new CollectError(
      'timeout',
      `${call.request} on ${this.name} has not answered for ${seconds} s; it is not sent again until it has`,
    );
  }

  /** Waits no longer than the limit and the signal allow. What is given up is remembered under its key until it has ended. */
  async #within<T>(
    work: Promise<T>,
    call: Call,
    {
      signal,
      limitMs,
      key,
    }: {
      readonly signal: AbortSignal;
      readonly limitMs: number | undefined;
      readonly key: string | undefined;
    },
  ): Promise<T> {
    const abandoned: Abandoned = { sentMs: this.#options.clock.monotonicMs() };
    const used = this.#client;
    let settled = false;
    const watched = work.finally(() => {
      settled = true;
      if (key !== undefined && this.#abandoned.get(key) === abandoned) this.#abandoned.delete(key);
    });
    const end = Promise.withResolvers<never>();
    const giveUp = (): void => {
      if (key !== undefined && !settled) this.#abandoned.set(key, abandoned);
      end.reject(new CollectError('timeout', `${call.request} on ${this.name}: no answer in time`));
    };
    const timer = limitMs === undefined ? undefined : setTimeout(giveUp, limitMs);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    try {
      return await Promise.race([watched, end.promise]);
    } catch (thrown) {
      watched.catch(() => undefined);
      const error = toMemberError(thrown, call);
      // The next call connects anew, with the certificates that lie there by then.
      if (error.code === 'unreachable' && codeOf(thrown) === undefined && used === this.#client)
        await this.#drop();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #drop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#abandoned.clear();
    const closed = client?.then((open) => open.close(true));
    // The driver says goodbye to the server first, which one that hangs does not answer.
    const waiting = new AbortController();
    const limit = delay(closeLimitMs, undefined, { signal: waiting.signal, ref: false }).catch(
      () => undefined,
    );
    await Promise.race([closed?.catch(() => undefined), limit]);
    waiting.abort();
  }

  #call(db: string, command: Document): Call {
    return {
      member: this.name,
      request: Object.keys(command)[0] ?? '',
      db,
      username: this.#options.username,
    };
  }

  #report(command: Document, answer: Document): void {
    const { onAnswer } = this.#options;
    if (onAnswer === undefined) return;
    const plain: unknown = BSON.EJSON.serialize(answer, { relaxed: false });
    onAnswer({ subject: this.name, request: requestText(command), answer: plain });
  }
}

async function clientOptions(options: ClientOptions): Promise<MongoClientOptions> {
  const { username, password, authSource, authMechanism, timeLimitMs } = options;
  return {
    directConnection: true,
    appName: options.applicationName,
    maxPoolSize: options.isActing ? 1 : 2,
    minPoolSize: 0,
    maxConnecting: 1,
    connectTimeoutMS: timeLimitMs,
    serverSelectionTimeoutMS: timeLimitMs,
    waitQueueTimeoutMS: timeLimitMs,
    socketTimeoutMS: options.isActing ? 0 : socketTimeoutMs,
    heartbeatFrequencyMS: 10_000,
    serverMonitoringMode: 'poll',
    retryReads: false,
    retryWrites: false,
    ...(username === undefined
      ? {}
      : { auth: { username, ...(password === undefined ? {} : { password }) } }),
    ...(authSource === undefined ? {} : { authSource }),
    ...mechanism(authMechanism),
    ...(options.tls === undefined ? {} : await tlsOptions(options.tls)),
  };
}

/** Mechanisms that need nothing but a name and a password, or a certificate. */
const mechanisms = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'MONGODB-X509', 'PLAIN'] as const;

function mechanism(name: string | undefined): MongoClientOptions {
  if (name === undefined || name === 'DEFAULT') return {};
  const known = mechanisms.find((each) => each === name.toUpperCase());
  if (known === undefined)
    throw new CollectError('unsupported', `authMechanism is not one of ${mechanisms.join(', ')}`);
  return { authMechanism: known };
}

async function tlsOptions(tls: TlsOptions): Promise<MongoClientOptions> {
  const [ca, cert, key] = await Promise.all(
    [tls.ca, tls.cert, tls.key].map(async (path) => (path === undefined ? undefined : readPem(path))),
  );
  return {
    tls: true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.certKey === undefined ? {} : { tlsCertificateKeyFile: tls.certKey }),
    ...(tls.certKeyPassword === undefined ? {} : { tlsCertificateKeyFilePassword: tls.certKeyPassword }),
    ...(tls.allowInvalidCertificates ? { tlsAllowInvalidCertificates: true } : {}),
    ...(tls.allowInvalidHostnames ? { tlsAllowInvalidHostnames: true } : {}),
  };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new CollectError('unreachable', `cannot read the certificate file ${path}`, { cause: thrown });
  }
}
