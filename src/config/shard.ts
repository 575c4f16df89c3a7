import { fnv1a } from '../core/hash.ts';
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
  let state = fnv1a(text);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
