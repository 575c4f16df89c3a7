import type { Memory } from '../../src/sdk.ts';
import { type Address, parseAddress } from './address.ts';

const memoryKey = 'members';
const most = 500;

/** Members that were known before the agent was restarted. */
export class RememberedMembers {
  readonly #memory: Memory;
  /** The addresses of the URL: what was remembered under others is of another deployment. */
  readonly #named: string;

  constructor(memory: Memory, named: string) {
    this.#memory = memory;
    this.#named = named;
  }

  read(): readonly Address[] {
    const [named, ...names] = (this.#memory.read(memoryKey) ?? '').split(' ');
    return named === this.#named ? names.flatMap((name) => parseAddress(name) ?? []) : [];
  }

  write(names: Iterable<string>): void {
    this.#memory.write(memoryKey, [this.#named, ...names].slice(0, most).join(' '));
  }
}
