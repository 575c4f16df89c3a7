import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { PostgresServer } from './server.ts';

/** Microseconds from 1970 to the year 2000, from which PostgreSQL counts. */
const epochMicros = 946_684_800_000_000n;

/**
 * Streams WAL as pg_receivewal does, whose binary is not among those on npm: it reports what it wrote and flushed, and never what it
 * replayed, because it replays nothing. Ends when disposed.
 */
export async function startWalReceiver(server: PostgresServer, applicationName: string): Promise<Disposable> {
  const [row] = await server.query(
    `SELECT pg_current_wal_lsn()::text AS lsn, (pg_current_wal_lsn() - '0/0')::text AS position`,
  );
  const socket = connect(join(server.socketDirectory, `.s.PGSQL.${server.port}`));
  await once(socket, 'connect');
  const settings = { user: 'postgres', replication: 'true', application_name: applicationName };
  socket.write(framed('', Buffer.concat([int32(196_608), Buffer.from(`${pairs(settings)}\0`)])));
  await untilMessage(socket, 'Z');
  socket.write(framed('Q', Buffer.from(`START_REPLICATION PHYSICAL ${String(row?.['lsn'])}\0`)));
  await untilMessage(socket, 'W');
  socket.write(framed('d', statusUpdate(BigInt(String(row?.['position'])))));
  socket.on('error', () => undefined);
  socket.resume();
  return { [Symbol.dispose]: () => void socket.destroy() };
}

function pairs(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}\0${value}\0`)
    .join('');
}

/** Standby status update: written, flushed, applied (none), when, no reply wanted. */
function statusUpdate(position: bigint): Buffer {
  const update = Buffer.alloc(34);
  update.write('r');
  update.writeBigInt64BE(position, 1);
  update.writeBigInt64BE(position, 9);
  update.writeBigInt64BE(BigInt(Date.now()) * 1_000n - epochMicros, 25);
  return update;
}

function framed(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Reads whole messages until one of this type. */
async function untilMessage(socket: Socket, wanted: string): Promise<void> {
  let pending = Buffer.alloc(0);
  for (;;) {
    const chunk: unknown = socket.read();
    if (!Buffer.isBuffer(chunk)) {
      await once(socket, 'readable');
      continue;
    }
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 5 && pending.length > pending.readInt32BE(1)) {
      const type = String.fromCharCode(pending[0] ?? 0);
      const length = pending.readInt32BE(1) + 1;
      if (type === 'E') throw new Error(pending.subarray(5, length).toString());
      pending = pending.subarray(length);
      if (type === wanted) return;
    }
  }
}
