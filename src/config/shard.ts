import type { Shard } from './config.ts';

/**
 * Whether a target belongs to this shard. Rendezvous hashing: every agent comes to the same answer alone, and one shard more moves
 * only that shard's share of the targets.
 */
export function belongsToShard(targetId: string, { index, count }: Shard): boolean {
  let winner = 0;
  let highest = -1;
  for (let shard = 0; shard < count; shard += 1) {
    const weight = hash(`${shard}\u0000${targetId}`);
    if (weight > highest) {
      highest = weight;
      winner = shard;
    }
  }
  return winner === index;
}

/** FNV-1a with the finaliser of MurmurHash3, which spreads short texts evenly; an unsigned 32-bit number. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
