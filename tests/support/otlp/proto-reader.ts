/** One field of a protobuf message, by its wire type: https://protobuf.dev/programming-guides/encoding/ */
export type ProtoField =
  | { readonly number: number; readonly wire: 'varint' | 'fixed64' | 'fixed32'; readonly bits: bigint }
  | { readonly number: number; readonly wire: 'bytes'; readonly bytes: Buffer };

/** @throws {RangeError} when the message is cut off or uses a wire type that proto3 has not. */
function* readFields(message: Buffer): Generator<ProtoField> {
  let offset = 0;
  const take = (length: number): Buffer => {
    if (offset + length > message.length) throw new RangeError('protobuf message is cut off');
    offset += length;
    return message.subarray(offset - length, offset);
  };
  const varint = (): bigint => {
    for (let bits = 0n, shift = 0n; shift < 70n; shift += 7n) {
      const byte = BigInt(take(1).readUInt8());
      bits |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return BigInt.asUintN(64, bits);
    }
    throw new RangeError('protobuf varint is longer than ten bytes');
  };
  while (offset < message.length) {
    const key = varint();
    const number = Number(key >> 3n);
    switch (Number(key & 7n)) {
      case 0:
        yield { number, wire: 'varint', bits: varint() };
        break;
      case 1:
        yield { number, wire: 'fixed64', bits: take(8).readBigUInt64LE() };
        break;
      case 2:
        yield { number, wire: 'bytes', bytes: take(Number(varint())) };
        break;
      case 5:
        yield { number, wire: 'fixed32', bits: BigInt(take(4).readUInt32LE()) };
        break;
      default:
        throw new RangeError(`protobuf field ${number} has an unknown wire type`);
    }
  }
}

/** All fields of a message by number, with an accessor for every proto3 type that OTLP uses. Absent scalars have their proto3 default. */
export class ProtoMessage {
  readonly #fields = new Map<number, ProtoField[]>();

  constructor(message: Buffer) {
    for (const field of readFields(message)) {
      const same = this.#fields.get(field.number);
      if (same) same.push(field);
      else this.#fields.set(field.number, [field]);
    }
  }

  has(number: number): boolean {
    return this.#fields.has(number);
  }

  text(number: number): string {
    return this.bytes(number).toString('utf8');
  }

  hex(number: number): string {
    return this.bytes(number).toString('hex');
  }

  bytes(number: number): Buffer {
    const field = this.#last(number);
    return field?.wire === 'bytes' ? field.bytes : Buffer.alloc(0);
  }

  /** uint32, uint64, enum, fixed32, fixed64. */
  unsigned(number: number): bigint {
    const field = this.#last(number);
    return field === undefined || field.wire === 'bytes' ? 0n : field.bits;
  }

  /** int64 and sfixed64. */
  signed(number: number): bigint {
    return BigInt.asIntN(64, this.unsigned(number));
  }

  bool(number: number): boolean {
    return this.unsigned(number) !== 0n;
  }

  double(number: number): number {
    return doubleOf(this.unsigned(number));
  }

  message(number: number): ProtoMessage | undefined {
    return this.has(number) ? new ProtoMessage(this.bytes(number)) : undefined;
  }

  messages(number: number): readonly ProtoMessage[] {
    return this.#all(number).flatMap((field) =>
      field.wire === 'bytes' ? [new ProtoMessage(field.bytes)] : [],
    );
  }

  texts(number: number): readonly string[] {
    return this.#all(number).flatMap((field) =>
      field.wire === 'bytes' ? [field.bytes.toString('utf8')] : [],
    );
  }

  /** `repeated fixed64`, packed or not. */
  fixed64s(number: number): readonly bigint[] {
    return this.#all(number).flatMap((field) => {
      if (field.wire !== 'bytes') return [field.bits];
      const count = field.bytes.length / 8;
      return Array.from({ length: count }, (_, index) => field.bytes.readBigUInt64LE(index * 8));
    });
  }

  /** `repeated double`, packed or not. */
  doubles(number: number): readonly number[] {
    return this.fixed64s(number).map(doubleOf);
  }

  #all(number: number): readonly ProtoField[] {
    return this.#fields.get(number) ?? [];
  }

  #last(number: number): ProtoField | undefined {
    return this.#fields.get(number)?.at(-1);
  }
}

function doubleOf(bits: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(bits);
  return bytes.readDoubleLE();
}
