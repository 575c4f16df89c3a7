/** Reads the numbers and texts of a dump's archive format. Throws RangeError where the bytes end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;
  /** Bytes of an integer and of an offset: the header says. */
  intSize: number;
  offsetSize: number;

  constructor(bytes: Buffer, intSize = 4, offsetSize = 8) {
    this.#bytes = bytes;
    this.intSize = intSize;
    this.offsetSize = offsetSize;
  }

  byte(): number {
    const value = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  /** Sign, then the least significant byte first. */
  int(): number {
    const sign = this.byte();
    const value = this.#number(this.intSize);
    return sign === 0 ? value : -value;
  }

  offset(): number {
    return this.#number(this.offsetSize);
  }

  text(length: number): string {
    if (this.#at + length > this.#bytes.length) throw new RangeError('the bytes end');
    const value = this.#bytes.toString('utf8', this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  /** Undefined for one that is null. */
  string(): string | undefined {
    const length = this.int();
    return length < 0 ? undefined : this.text(length);
  }

  #number(size: number): number {
    let value = 0;
    for (let place = 0; place < size; place += 1) value += this.byte() * 256 ** place;
    return value;
  }
}
