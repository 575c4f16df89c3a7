import type { Background, Clock } from '../../src/sdk.ts';
import type { NodeGroup } from './fields.ts';
import { parseInfo } from './info.ts';
import { KeyScan, type ScanBudget } from './key-scan.ts';
import { databasesOf } from './keyspace.ts';
import type { RedisNode } from './node.ts';

/** The biggest keys, found by a walk in the background; reading only tells how far it has come, and starts it. */
export class BiggestKeys {
  readonly #budget: ScanBudget;
  readonly #clock: Clock;
  readonly #background: Background;
  readonly #scans = new WeakMap<RedisNode, KeyScan>();

  constructor(budget: ScanBudget, clock: Clock, background: Background) {
    this.#budget = budget;
    this.#clock = clock;
    this.#background = background;
  }

  /** Replicas hold the same keys as their primary, so only primaries are walked, and a server that is watched alone. */
  reader(isWalked: (node: RedisNode) => boolean, background: AbortSignal): NodeGroup {
    return async (node, { info }, context) => {
      if (!isWalked(node)) return;
      const databases = databasesOf(info);
      const scan = this.#scanOf(node, background);
      await scan.run(context.signal, background);
      const { biggest, seen, finishedAt } = scan.state();
      const labels = { node: node.name };
      const keys = databases.reduce((sum, database) => sum + database.keys, 0);
      const coverage = finishedAt === undefined ? (keys > 0 ? Math.min(1, seen / keys) : 1) : 1;
      context.record('keyScanCoverage', coverage, labels);
      context.record('largestKeyBytes', biggest[0]?.bytes, labels);
      if (finishedAt !== undefined) context.record('keyScanFinished', finishedAt / 1000, labels);
      context.detail(
        'biggest_keys',
        biggest.map((key) => ({ node: node.name, ...key })),
      );
    };
  }

  #scanOf(node: RedisNode, background: AbortSignal): KeyScan {
    const known = this.#scans.get(node);
    if (known) return known;
    const databases = async (): Promise<readonly string[]> => {
      const reply = await node.call(['INFO', 'keyspace'], background);
      return databasesOf(parseInfo(String(reply))).map(({ name }) => name);
    };
    const scan = new KeyScan(() => node.connection(), databases, this.#clock, this.#budget, this.#background);
    this.#scans.set(node, scan);
    return scan;
  }
}
