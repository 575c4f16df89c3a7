import { type EvidenceDraft, messageOf, type OperationContext } from '../../../src/sdk.ts';
import { databasesOf } from '../keyspace.ts';
import { causesOf } from './cache-causes.ts';
import { advisePatterns } from './cache-patterns.ts';
import { perSecond } from './cache-window.ts';
import { drawKeys, type KeySample } from './key-sample.ts';
import { missBody, restoreMissEvents, sampleMisses } from './miss-sample.ts';
import { type RedisOperationsInput, withMember } from './place.ts';
import { memoryEvidence, readScene, type Scene, shown, shownBytes, windowEvidence } from './setting-scene.ts';

/** Why a cache misses, found once a run: it draws keys, and listens to misses where that is allowed. */
export class CacheStudy {
  readonly #input: RedisOperationsInput;
  #latest: { readonly runId: string; readonly drafts: Promise<readonly EvidenceDraft[]> } | undefined;

  constructor(input: RedisOperationsInput) {
    this.#input = input;
  }

  /** The same for every action of a run. */
  async of(context: OperationContext): Promise<readonly EvidenceDraft[]> {
    if (this.#latest?.runId !== context.runId) {
      const drafts = this.#study(context);
      // Interrupted, it is done again.
      drafts.catch(() => (this.#latest = undefined));
      this.#latest = { runId: context.runId, drafts };
    }
    return this.#latest.drafts;
  }

  async #study(context: OperationContext): Promise<readonly EvidenceDraft[]> {
    const scene = await readScene(this.#input, context.signal);
    const { member } = scene.primary;
    // What an agent left that was killed while it listened.
    await restoreMissEvents(this.#input, member).catch(() => undefined);
    const sample = await draw(this.#input, scene, context.signal);
    const { window } = scene;
    const rate = window === undefined ? undefined : perSecond(window.misses, window);
    const misses = await sampleMisses(this.#input, member, rate, context);
    const causes = causesOf(scene, sample);
    const real = causes.filter(({ holds }) => holds === 'yes');
    const title =
      real.length === 0
        ? 'no reason for misses was found in what can be seen'
        : `why it misses: ${real.map(({ cause }) => cause).join(', ')}`;
    return [
      memoryEvidence(scene),
      ...(window === undefined ? [] : [windowEvidence(window)]),
      { kind: 'statistics', title, body: { causes: causes.map((each) => ({ ...each })) } },
      familiesEvidence(sample, scene),
      { kind: 'statistics', title: missTitle(misses), body: missBody(misses) },
      ...real.map(
        ({ cause, text, figures }): EvidenceDraft => ({
          kind: 'advice',
          title: `${cause}: ${text}`,
          body: { cause, text, figures },
        }),
      ),
      ...advisePatterns(scene),
    ];
  }
}

/** Keys of the primary; a text says why there are none. */
export async function draw(
  input: RedisOperationsInput,
  { primary: { member } }: Scene,
  signal: AbortSignal,
): Promise<KeySample | string> {
  try {
    return await withMember(input, member.address, signal, ({ connection, info }) =>
      drawKeys(connection, databasesOf(info), input.clock, signal),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    return `keys could not be drawn: ${messageOf(thrown)}`;
  }
}

/** Families of keys, extrapolated from the sample to all keys. */
export function familiesEvidence(sample: KeySample | string, { primary }: Scene): EvidenceDraft {
  if (typeof sample === 'string') return { kind: 'statistics', title: sample, body: {} };
  const scale = sample.keys === 0 ? 0 : primary.keys / sample.keys;
  const families = sample.families.map(({ family, keys, bytes, largestBytes }) => ({
    family,
    shareOfKeys: keys / sample.keys,
    shareOfBytes: sample.bytes === 0 ? 0 : bytes / sample.bytes,
    bytesPerKey: Math.round(bytes / keys),
    estimatedBytes: Math.round(bytes * scale),
    largestBytes,
  }));
  const [first] = families;
  const title =
    first === undefined
      ? 'no key was drawn'
      : `${sample.keys} of ${primary.keys} keys drawn: ${first.family} holds about ${shown(first.shareOfBytes * 100)} % of their memory (${shownBytes(first.estimatedBytes)})`;
  const note =
    'by SCAN and MEMORY USAGE, which are no lookups; which keys have a time to live is known for databases only, because asking a key counts as a lookup';
  return {
    kind: 'statistics',
    title,
    body: { sampledKeys: sample.keys, keys: primary.keys, families, note },
  };
}

function missTitle(misses: Parameters<typeof missBody>[0]): string {
  if (typeof misses === 'string') return `misses by prefix: ${misses}`;
  const [first] = misses.families;
  return first === undefined
    ? `misses by prefix: none in ${shown(misses.seconds)} s`
    : `misses by prefix: ${first.misses} of ${misses.misses} in ${shown(misses.seconds)} s are ${first.family}`;
}
