import type { Socket } from 'node:net';
import type { LinkFault } from './link-fault.ts';

/** Counters shared by all connections of a proxy. */
export interface Traffic {
  toServer: number;
  toClients: number;
}

/** One client of a proxy and, once bytes may pass, its connection to the server. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #dial: () => Socket;
  readonly #traffic: Traffic;
  readonly #queue: { readonly atMs: number; readonly act: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #upstream: Socket | undefined;
  #fault: LinkFault = { kind: 'pass' };
  #bytesSinceFault = 0;

  constructor(client: Socket, dial: () => Socket, traffic: Traffic) {
    this.#client = client;
    this.#dial = dial;
    this.#traffic = traffic;
    client.on('data', (chunk) => this.#forward(chunk));
    client.on('end', () => this.#upstream?.end());
    client.on('error', () => this.#destroy()); // the client's own reset: its server connection goes too
    client.on('close', () => this.#destroy());
    client.pause();
  }

  apply(fault: LinkFault): void {
    this.#fault = fault;
    this.#bytesSinceFault = 0;
    if (fault.kind === 'refuse') this.#destroy();
    else if (fault.kind === 'reset' && fault.afterBytes === undefined) this.#reset();
    else if (fault.kind === 'hang') this.#hold();
    else this.#release();
  }

  #hold(): void {
    this.#client.pause();
    this.#upstream?.pause();
  }

  #release(): void {
    this.#upstream ??= this.#open();
    this.#client.resume();
    this.#upstream.resume();
  }

  #open(): Socket {
    const upstream = this.#dial();
    upstream.on('data', (chunk) => this.#answer(chunk));
    upstream.on('end', () => this.#later(() => this.#client.end()));
    upstream.on('error', () => this.#destroy()); // nobody listens behind us: the client sees its connection closed
    upstream.on('close', () => this.#later(() => this.#destroy()));
    return upstream;
  }

  #forward(chunk: Buffer): void {
    this.#traffic.toServer += chunk.length;
    this.#upstream?.write(chunk);
  }

  #answer(chunk: Buffer): void {
    const limit = this.#fault.kind === 'reset' ? this.#fault.afterBytes : undefined;
    if (limit === undefined) {
      this.#later(() => this.#deliver(chunk));
      return;
    }
    const rest = chunk.subarray(0, Math.max(0, limit - this.#bytesSinceFault));
    this.#bytesSinceFault += rest.length;
    this.#traffic.toClients += rest.length;
    // A reset discards what the kernel has not sent yet, so it waits until the allowed bytes are out.
    if (this.#bytesSinceFault < limit) this.#client.write(rest);
    else this.#client.write(rest, () => this.#reset());
  }

  #deliver(chunk: Buffer): void {
    this.#traffic.toClients += chunk.length;
    this.#client.write(chunk);
  }

  /** At once, or after the delay in force; never before what was delayed earlier. */
  #later(act: () => void): void {
    const delayMs = this.#fault.kind === 'delay' ? this.#fault.delayMs : 0;
    this.#queue.push({ atMs: performance.now() + delayMs, act });
    if (this.#timer === undefined) this.#drain();
  }

  #drain(): void {
    this.#timer = undefined;
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const waitMs = head.atMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#drain(), Math.ceil(waitMs));
        return;
      }
      this.#queue.shift();
      head.act();
    }
  }

  #reset(): void {
    this.#client.resetAndDestroy();
    this.#destroy();
  }

  #destroy(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
    this.#client.destroy();
    this.#upstream?.destroy();
  }
}
