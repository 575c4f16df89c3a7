import { readFileSync } from 'node:fs';
import { type Clock, CollectError, defineEngine, type Engine } from '../../../src/sdk.ts';
import { createRedisCollector } from '../collector.ts';
import { redisOptions } from '../config.ts';
import { type Connection, formatAddress, type Outcome } from '../connection.ts';
import { type RedisGroup, redisGroups } from '../groups.ts';
import { engine } from '../index.ts';
import { redisMetrics } from '../metrics.ts';
import { redisObjectives } from '../objectives.ts';
import { toReplyError } from '../reply-error.ts';

/** For tests. Replies by the first words of a command, such as `INFO` or `CONFIG GET save`; an Error is an error reply. */
export type Replies = Readonly<Record<string, unknown>>;

/** Servers by `host:port`. One that is missing refuses connections. */
export type Servers = Readonly<Record<string, Replies>>;

export function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
}

/** The engine, its servers replaced by replies that a test may exchange, on the test's own clock. */
export function fixtureEngine(servers: () => Servers, clock: Clock): Engine {
  return defineEngine({
    ...engine,
    metrics: redisMetrics,
    groups: redisGroups,
    objectives: redisObjectives,
    options: redisOptions,
    createCollector: (input) =>
      createRedisCollector({ ...input, clock }, async (address) => {
        const name = formatAddress(address);
        if (servers()[name] === undefined) {
          throw new CollectError('unreachable', `no connection to ${name}: refused`);
        }
        return connectionTo(name, () => servers()[name]);
      }),
  });
}

interface Reading {
  readonly group: string;
  readonly samples: readonly {
    readonly metric: { readonly name: string };
    readonly labels: readonly string[];
    readonly value: number;
  }[];
}

/** The groups of a snapshot by name. */
export function byGroup<R extends Reading>(snapshot: {
  readonly readings: readonly R[];
}): (group: RedisGroup) => R {
  return (group) => {
    const reading = snapshot.readings.find((some) => some.group === group);
    if (reading === undefined) throw new Error(`group ${group} was not read`);
    return reading;
  };
}

/** `name{label,label} value` of every sample. */
export function lines(reading: Pick<Reading, 'samples'>): readonly string[] {
  return reading.samples.map(({ metric, labels, value }) => `${metric.name}{${labels.join()}} ${value}`);
}

/** The first value of a metric, whatever its labels; undefined when there is none. */
export function valueOf(reading: Pick<Reading, 'samples'>, name: string): number | undefined {
  return reading.samples.find(({ metric }) => metric.name === name)?.value;
}

function connectionTo(name: string, replies: () => Replies | undefined): Connection {
  let isOpen = true;
  const pipeline: Connection['pipeline'] = async (commands) => {
    const known = replies();
    if (known !== undefined) return commands.map((command) => answer(name, known, command.map(String)));
    isOpen = false;
    throw new CollectError('unreachable', `no connection to ${name}: closed`);
  };
  return {
    get isOpen() {
      return isOpen;
    },
    loginIgnored: false,
    pipeline,
    pipelineBytes: pipeline,
    listen: () => Promise.reject(new Error('not asked')),
    call: async (command, signal) => {
      const [outcome] = await pipeline([command], signal);
      if (outcome?.error) throw outcome.error;
      return outcome?.reply;
    },
    close: () => {
      isOpen = false;
    },
  };
}

/** Of a server whose recording says nothing else. */
const usual: Replies = { 'CONFIG GET notify-keyspace-events': ['notify-keyspace-events', ''] };

function answer(server: string, given: Replies, command: readonly string[]): Outcome {
  const replies = 'CONFIG GET save' in given ? { ...usual, ...given } : given;
  const key = [3, 2, 1].map((count) => command.slice(0, count).join(' ')).find((text) => text in replies);
  const reply = key === undefined ? new Error(`ERR unknown command '${command[0]}'`) : replies[key];
  if (!(reply instanceof Error)) return { reply };
  reply.name = 'ReplyError';
  return { error: toReplyError(reply, command, { server, username: 'reeve' }) };
}
