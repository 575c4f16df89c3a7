import type { Hello } from './hello.ts';
import { bearsData, type Member } from './member.ts';
import { configOfHello, configOfHosts, parseReplicaConfig, type SetConfig } from './replica-config.ts';

/** A configuration is read again after this long, or at once when its version changed. */
const everyMs = 60_000;

interface KnownConfig {
  readonly config: SetConfig;
  /** Whether the configuration itself was read once; what hello tells never replaces it. */
  readonly wasRead: boolean;
  readonly readAtMs: number;
  /** Undefined: no member with data answered yet, so that it is tried again as soon as one does. */
  readonly version: number | undefined;
}

/** What can be asked about one set now. */
export interface Asked {
  readonly name: string;
  /** Its members that answer. */
  readonly living: readonly Member[];
  /** Its members as mongos names them, while nobody of it answers. */
  readonly hosts: readonly string[] | undefined;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** Configurations of replica sets, by name. */
export class SetConfigs {
  readonly #known = new Map<string, KnownConfig>();

  entries(): readonly (readonly [string, SetConfig])[] {
    return [...this.#known].map(([name, { config }]) => [name, config]);
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Whether some set is known only from an arbiter or a mongos. */
  get isProvisional(): boolean {
    return [...this.#known.values()].some(({ version }) => version === undefined);
  }

  /** Forgets sets that left. */
  keep(isWanted: (name: string) => boolean): void {
    for (const name of this.#known.keys()) if (!isWanted(name)) this.#known.delete(name);
  }

  async read(asked: Asked): Promise<void> {
    const { name, living, nowMs, signal } = asked;
    const version = Math.max(...living.map(({ hello }) => hello?.configVersion ?? 0));
    const known = this.#known.get(name);
    if (known?.version === version && nowMs - known.readAtMs < everyMs) return;
    // The newest configuration is with whoever reports the highest version; arbiters may not be asked without a login.
    const able = living
      .filter(bearsData)
      .sort((a, b) => (b.hello?.configVersion ?? 0) - (a.hello?.configVersion ?? 0));
    for (const { client, hello } of able.slice(0, 2)) {
      try {
        const answer = await client.command(
          'admin',
          { replSetGetConfig: 1 },
          { signal, group: 'availability' },
        );
        const config = parseReplicaConfig(answer, hello?.me);
        this.#known.set(name, { config, wasRead: true, readAtMs: nowMs, version });
        return;
      } catch {
        // The next one is asked; when none says, hello has to do, and the set is known to be incomplete.
      }
    }
    this.#makeDo(asked, living[0]?.hello, able.length > 0 ? version : undefined);
  }

  #makeDo({ name, hosts, nowMs }: Asked, hello: Hello | undefined, version: number | undefined): void {
    const known = this.#known.get(name);
    if (known?.wasRead) {
      // While nobody answers, what was known still holds.
      if (hello === undefined) return;
      const config = { ...known.config, isComplete: false };
      this.#known.set(name, { ...known, config, readAtMs: nowMs, version });
      return;
    }
    const config =
      hello !== undefined
        ? configOfHello(hello)
        : hosts === undefined
          ? undefined
          : configOfHosts(name, hosts);
    if (config !== undefined) this.#known.set(name, { config, wasRead: false, readAtMs: nowMs, version });
  }
}
