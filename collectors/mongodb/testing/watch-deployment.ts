import { onTestFinished } from 'vitest';
import { type CollectorInput, defineEngine, type Memory } from '../../../src/sdk.ts';
import { FakeClock } from '../../../tests/support/fake-clock.ts';
import type { Deployment } from '../../../tests/support/mongod/deployment.ts';
import { type Watching, watchTarget } from '../../../tests/support/watching.ts';
import { createMongodbCollector } from '../collector.ts';
import { type MongodbOptions, mongodbOptions } from '../config.ts';
import { type MongodbGroup, mongodbGroups } from '../groups.ts';
import { engine } from '../index.ts';
import { mongodbMetrics } from '../metrics.ts';

/** The login of these tests, as the grants make it. */
export const users = { reeve: { password: 'canary-pass', roles: ['clusterMonitor', 'read@local'] } };

/** Groups about what is stored; they have tests of their own. */
const apart: readonly MongodbGroup[] = ['indexes', 'storage', 'long_operations', 'sharding'];

export interface DeploymentWatch {
  /** Where discovery begins; default all members. */
  readonly uri?: string;
  /** Of the target, beside `url`. */
  readonly target?: Readonly<Record<string, unknown>>;
  readonly clock?: FakeClock;
  /** What outlives a restart of the agent. */
  readonly memory?: Memory;
  readonly input?: Partial<CollectorInput<MongodbOptions>>;
}

export interface DeploymentWatching extends Watching {
  readonly clock: FakeClock;
}

/** A whole deployment of the double of MongoDB, collected when the test says so, on the test's own clock. For tests. */
export function watchDeployment(
  deployment: Pick<Deployment, 'uri'>,
  { uri = deployment.uri, target, clock = new FakeClock(), memory, input }: DeploymentWatch = {},
): DeploymentWatching {
  const watching = watchTarget({
    engine: defineEngine({
      ...engine,
      metrics: mongodbMetrics,
      groups: mongodbGroups,
      objectives: [],
      options: mongodbOptions,
      createCollector: (given) =>
        createMongodbCollector({ ...given, clock, ...(memory === undefined ? {} : { memory }), ...input }),
    }),
    target: {
      url: { env: 'URL' },
      interval: '15s',
      groups: Object.fromEntries(apart.map((name) => [name, { enabled: false }])),
      ...target,
    },
    env: { URL: uri },
  });
  onTestFinished(() => watching[Symbol.asyncDispose]());
  return { ...watching, clock };
}

interface Sampled {
  readonly samples: readonly {
    readonly metric: { readonly name: string };
    readonly labels: readonly string[];
    readonly value: number;
  }[];
}

/** `name{label,label} value` of every sample whose name holds this, sorted; without the prefix of all names. */
export function linesOf({ samples }: Sampled, part: string): readonly string[] {
  return samples
    .filter(({ metric }) => metric.name.includes(part))
    .map(
      ({ metric, labels, value }) =>
        `${metric.name.replace(/^reeve_(mongodb_)?/, '')}{${labels.join()}} ${value}`,
    )
    .sort();
}

/** All errors of a snapshot, as `group subject code`. */
export function errorsOf(snapshot: {
  readonly readings: readonly {
    readonly group: string;
    readonly errors: readonly { readonly subject: string; readonly code: string }[];
  }[];
}): readonly string[] {
  return snapshot.readings.flatMap(({ group, errors }) =>
    errors.map(({ subject, code }) => `${group} ${subject} ${code}`),
  );
}
