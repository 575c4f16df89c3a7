/** The Castagnoli CRC, by which backup manifests tell files apart unless they say otherwise. Returns the next state; begin with 0. */
export function createCrc32c(): (state: number, bytes: Buffer) => number {
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
    return value;
  });
  return (state, bytes) => {
    let value = ~state >>> 0;
    for (const byte of bytes) value = (value >>> 8) ^ (table[(value ^ byte) & 0xff] ?? 0);
    return ~value >>> 0;
  };
}
