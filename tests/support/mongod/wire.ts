import { BSON } from 'mongodb';
import { type Doc, docOf } from './values.ts';

/**
 * The two messages a driver sends: OP_MSG, and OP_QUERY for the very first hello of a connection.
 *
 * @see https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 */
const opcodes = { reply: 1, query: 2004, message: 2013 } as const;
const HEADER = 16;
const EXHAUST_ALLOWED = 1 << 16;
const MORE_TO_COME = 1 << 1;

export interface Request {
  readonly id: number;
  /** OP_QUERY: the answer must be an OP_REPLY. */
  readonly legacy: boolean;
  readonly exhaustAllowed: boolean;
  /** The client wants no answer. */
  readonly unacknowledged: boolean;
  /** With `$db`. Document sequences stand in it as arrays. */
  readonly body: Doc;
}

/** Cuts a socket's bytes into whole messages. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Buffer[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const frames: Buffer[] = [];
    while (this.#pending.length >= HEADER) {
      const size = this.#pending.readInt32LE(0);
      if (this.#pending.length < size) break;
      frames.push(this.#pending.subarray(0, size));
      this.#pending = this.#pending.subarray(size);
    }
    return frames;
  }
}

/** @throws {Error} on an operation this double does not speak (OP_COMPRESSED is never offered). */
export function parseRequest(frame: Buffer): Request {
  const id = frame.readInt32LE(4);
  const opcode = frame.readInt32LE(12);
  if (opcode === opcodes.query)
    return { id, legacy: true, exhaustAllowed: false, unacknowledged: false, body: queryBody(frame) };
  if (opcode !== opcodes.message) throw new Error(`this double does not speak wire operation ${opcode}`);
  const flags = frame.readUInt32LE(HEADER);
  return {
    id,
    legacy: false,
    exhaustAllowed: (flags & EXHAUST_ALLOWED) !== 0,
    unacknowledged: (flags & MORE_TO_COME) !== 0,
    body: messageBody(frame),
  };
}

/** One answer. `moreToCome` announces another one to the same request (streaming hello). */
export function encodeReply(request: Request, body: Doc, moreToCome = false): Buffer {
  const document = BSON.serialize(body, { ignoreUndefined: true });
  const prefix = request.legacy ? legacyPrefix() : Buffer.alloc(5);
  if (!request.legacy) prefix.writeUInt32LE(moreToCome ? MORE_TO_COME : 0, 0);
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(HEADER + prefix.length + document.length, 0);
  header.writeInt32LE(request.id, 4);
  header.writeInt32LE(request.id, 8);
  header.writeInt32LE(request.legacy ? opcodes.reply : opcodes.message, 12);
  return Buffer.concat([header, prefix, document]);
}

/** flags AwaitCapable, cursor 0, first document 0, one document. */
function legacyPrefix(): Buffer {
  const prefix = Buffer.alloc(20);
  prefix.writeInt32LE(8, 0);
  prefix.writeInt32LE(1, 16);
  return prefix;
}

function queryBody(frame: Buffer): Doc {
  const nameEnd = frame.indexOf(0, HEADER + 4);
  const namespace = frame.toString('utf8', HEADER + 4, nameEnd);
  return { ...docOf(BSON.deserialize(frame.subarray(nameEnd + 9))), $db: namespace.split('.')[0] };
}

function messageBody(frame: Buffer): Doc {
  const body: Doc = {};
  let at = HEADER + 4;
  while (at < frame.length) {
    const kind = frame[at];
    const size = frame.readInt32LE(at + 1);
    const section = frame.subarray(at + 1, at + 1 + size);
    if (kind === 0) Object.assign(body, BSON.deserialize(section));
    else Object.assign(body, sequence(section));
    at += 1 + size;
  }
  return body;
}

function sequence(section: Buffer): Doc {
  const nameEnd = section.indexOf(0, 4);
  const documents: Doc[] = [];
  for (let at = nameEnd + 1; at < section.length; at += section.readInt32LE(at)) {
    documents.push(docOf(BSON.deserialize(section.subarray(at, at + section.readInt32LE(at)))));
  }
  return { [section.toString('utf8', 4, nameEnd)]: documents };
}
