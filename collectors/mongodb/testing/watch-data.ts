import { onTestFinished } from 'vitest';
import { type GroupReading, type History, type Memory, Secret } from '../../../src/sdk.ts';
import { FakeClock } from '../../../tests/support/fake-clock.ts';
import type { Deployment } from '../../../tests/support/mongod/deployment.ts';
import type { MongodbOptions } from '../config.ts';
import type { Deployment as Found } from '../deployment.ts';
import { type MongodbGroup, mongodbGroups } from '../groups.ts';
import { targetConnect } from '../target-connect.ts';
import { Topology } from '../topology.ts';
import { type DeploymentWatching, watchDeployment } from './watch-deployment.ts';

export interface DataWatch {
  readonly group: MongodbGroup;
  /** Of the target, beside `url`. */
  readonly target?: Readonly<Record<string, unknown>>;
  readonly history?: History;
  /** What outlives a restart of the agent. */
  readonly memory?: Memory;
  readonly clock?: FakeClock;
}

/** What the collector finds at an address. For tests of what is handed a deployment. */
export async function discover(uri: string): Promise<Found> {
  const options: MongodbOptions = {
    url: new Secret(uri),
    exclude: [],
    keepIndexes: [],
    collectionsPerReading: 2_000,
    topCollections: 20,
    longOperation: 30_000,
    checkMetadata: false,
    backups: {},
  };
  const clock = new FakeClock();
  const connecting = targetConnect(options, { applicationName: 'reeve/test', timeLimitMs: 2_000, clock });
  const memory = { read: () => undefined, write: () => undefined };
  const topology = new Topology({ connecting, exclude: [], clock, memory });
  onTestFinished(() => topology.close());
  return topology.discover(new AbortController().signal);
}

/** One group of a double of MongoDB, read when the test says so, on the test's own clock. For tests. */
export interface DataWatching extends DeploymentWatching {
  /** One reading of the group. */
  read(): Promise<GroupReading>;
}

export function watchGroup(
  deployment: Pick<Deployment, 'uri'>,
  { group, target, history, memory, clock = new FakeClock() }: DataWatch,
): DataWatching {
  const others = Object.keys(mongodbGroups).filter((name) => name !== group);
  const watching = watchDeployment(deployment, {
    target: {
      interval: '10s',
      groups: Object.fromEntries(others.map((name) => [name, { enabled: false }])),
      ...target,
    },
    clock,
    ...(memory === undefined ? {} : { memory }),
    ...(history === undefined ? {} : { input: { history } }),
  });
  return {
    ...watching,
    read: async () => {
      const { readings } = await watching.collect();
      const reading = readings.find((each) => each.group === group);
      if (reading === undefined) throw new Error(`group ${group} was not read`);
      return reading;
    },
  };
}

const tenMinutes = 600_000;

/** Reads every ten minutes, so that restarts in between are seen in time. */
export async function readFor(watching: DataWatching, durationMs: number): Promise<GroupReading> {
  let reading = await watching.read();
  for (let passed = 0; passed < durationMs; passed += tenMinutes) {
    await watching.clock.advance(tenMinutes);
    reading = await watching.read();
  }
  return reading;
}

/** Verdict and reasons of an index. */
export function verdictOn(reading: GroupReading, index: string): string | undefined {
  const row = reading.details['indexes']?.find((each) => each['index'] === index);
  return row === undefined ? undefined : [row['verdict'], ...[row['reasons'] ?? []].flat()].join(' ');
}

/** `name{label,label} value` of every sample whose name holds this, sorted. */
export function linesOf(reading: GroupReading, part = ''): readonly string[] {
  return reading.samples
    .filter(({ metric }) => metric.name.includes(part))
    .map(({ metric, labels, value }) => `${metric.name.replace('reeve_', '')}{${labels.join()}} ${value}`)
    .sort();
}
