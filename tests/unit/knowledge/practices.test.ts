import { assert, asyncProperty, constant, constantFrom, oneof, record, string } from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Memory } from '../../../src/core/ports/memory.ts';
import {
  type PracticeQuestion,
  type PracticeTopic,
  practiceTopics,
} from '../../../src/core/ports/practices.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createPractices } from '../../../src/knowledge/practices.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { answer, type Context7Double, type Reply, startContext7Double, status } from './context7-double.ts';

const question: PracticeQuestion = {
  engine: 'postgres',
  version: '17.6 (Debian 17.6-1)',
  topic: 'dropping unused indexes',
};
const minute = 60_000;
const day = 24 * 60 * minute;
const never = new AbortController().signal;

const doubles: Context7Double[] = [];
afterEach(async () => {
  for (const double of doubles.splice(0)) await double[Symbol.asyncDispose]();
});

class MapMemory extends Map<string, string> implements Memory {
  read(key: string): string | undefined {
    return this.get(key);
  }

  write(key: string, value: string): void {
    this.set(key, value);
  }
}

async function arrange(reply?: Reply, memory: Memory = new MapMemory()) {
  const double = await startContext7Double(reply);
  doubles.push(double);
  const clock = new FakeClock();
  const log = createRecordingLog();
  const context7 = { url: double.url, apiKey: new Secret('ctx7-hidden-word'), timeoutMs: 3_000 };
  const practices = createPractices({ context7, memory, clock, fetch, log });
  const consult = (asked = question) => practices.consult(asked, never);
  return { double, clock, log, memory, practices, consult };
}

describe('the notes we bring', () => {
  it('come without anything being asked when there is no key', async () => {
    const forbidden: typeof fetch = () => Promise.reject(new Error('nothing may be asked'));
    const practices = createPractices({
      context7: undefined,
      memory: new MapMemory(),
      clock: new FakeClock(),
      fetch: forbidden,
      log: createRecordingLog(),
    });

    const [note, ...rest] = await practices.consult(question, never);

    expect(rest).toEqual([]);
    expect(note).toMatchObject({ source: 'offline notes of Reeve', stale: false });
    expect(note?.text).toContain('CONCURRENTLY');
    expect(note?.text).toContain('See https://www.postgresql.org/docs/current/');
  });

  it.each([
    ['postgres', practiceTopics.slice(0, 3)],
    ['postgres', ['optimising slow queries']],
    ['mongodb', ['dropping unused indexes', 'hiding indexes before dropping', 'optimising slow queries']],
    ['mongodb', ['creating indexes without blocking writes']],
    ['redis', ['slow commands and data structures', 'optimising slow queries']],
    ['bigquery', ['optimising slow queries']],
    [
      'cosmosdb',
      ['optimising slow queries', 'provisioning throughput', 'choosing partition keys and consistency'],
    ],
    ['redis', ['caching patterns and invalidation']],
    ['bigquery', ['partitioning and clustering']],
    ...['postgres', 'mongodb', 'redis', 'bigquery', 'cosmosdb'].map((engine): [string, PracticeTopic[]] => [
      engine,
      ['backup and restore strategies', 'bounding storage growth'],
    ]),
    ...['postgres', 'mongodb', 'bigquery', 'cosmosdb'].map((engine): [string, PracticeTopic[]] => [
      engine,
      ['safe schema migrations'],
    ]),
  ] satisfies [string, PracticeTopic[]][])('cover %s: %s', async (engine, topics) => {
    const { practices, double } = await arrange(status(404));

    for (const topic of topics) {
      const [note] = await practices.consult({ engine, version: undefined, topic }, never);
      expect(note?.text.length).toBeGreaterThan(200);
      expect(note?.text.length).toBeLessThan(2_500);
    }
    expect(double.asked.length).toBeGreaterThan(0);
  });

  it('are all there is for an engine nobody knows', async () => {
    const { consult, double } = await arrange();

    expect(await consult({ ...question, engine: '__proto__' })).toEqual([]);
    expect(double.asked).toEqual([]);
  });
});

describe('what Context7 says', () => {
  it('stands beside our notes, with its source and time, asked with the key', async () => {
    const { consult, double, clock } = await arrange();

    const [, remote] = await consult();

    expect(remote).toEqual({
      source: 'Context7 /websites/postgresql',
      text: 'Indexes\nUse CONCURRENTLY.',
      at: clock.now(),
      stale: false,
    });
    expect(double.authorization).toBe('Bearer ctx7-hidden-word');
  });

  it('is of the version that runs where that is kept, and of the pinned library, not one of the same name', async () => {
    const { consult, double } = await arrange(answer('x', ['v16', 'v17']));

    await consult();

    const [search, context] = double.asked.map((path) => new URL(path, 'http://double'));
    expect(search?.searchParams.get('libraryName')).toBe('PostgreSQL');
    expect(context?.searchParams.get('libraryId')).toBe('/websites/postgresql/v17');
    expect(context?.searchParams.get('query')).toBe('dropping unused indexes in PostgreSQL');
  });

  it('is asked once in seven days, over restarts, and once for all that ask at the same time', async () => {
    const { consult, double, memory, clock } = await arrange();
    await Promise.all([consult(), consult(), consult()]);
    expect(double.asked).toHaveLength(2);

    await clock.advance(6 * day);
    await consult();
    expect(double.asked).toHaveLength(2);

    const next = await arrange(answer('new'), memory);
    await next.clock.advance(6 * day);
    expect((await next.consult())[1]).toMatchObject({ text: 'Indexes\nUse CONCURRENTLY.', stale: false });
    expect(next.double.asked).toEqual([]);
    await next.clock.advance(2 * day);
    expect((await next.consult())[1]).toMatchObject({ text: 'Indexes\nnew', stale: false });
  });

  it('loses control characters and length before anybody sees it', async () => {
    const { consult } = await arrange(
      answer(`\u001b[31mred\u202e\u0000 text\r\nline\n${'x'.repeat(100_000)}`),
    );

    const text = (await consult())[1]?.text ?? '';

    expect(text).toMatch(/^Indexes\n\[31mred text\nline\nx+\n\[cut\]$/);
    expect(text.length).toBeLessThan(6_100);
  });
});

describe('Context7 in trouble', () => {
  const faults: readonly [string, Reply][] = [
    ['500', status(500, 'oops')],
    ['garbage', status(200, '<!doctype html><title>Sign in</title>')],
    ['JSON of another shape', status(200, '{"codeSnippets":"none"}')],
    ['a huge answer', (_request, response) => void response.end(`"${'x'.repeat(3_000_000)}"`)],
    ['a connection that breaks', (_request, response) => void response.destroy()],
    ['a key that is refused', status(401, '{"error":"ctx7-hidden-word"}')],
  ];

  it.each(faults)('serves what it said before, marked as old, on %s', async (_name, reply) => {
    const { consult, double, clock, log } = await arrange();
    const [, before] = await consult();
    await clock.advance(8 * day);
    double.reply = reply;

    const [note, remote] = await consult();

    expect(note?.source).toBe('offline notes of Reeve');
    expect(remote).toEqual({ ...before, stale: true });
    expect(JSON.stringify(log.events)).not.toContain('hidden-word');
  });

  it('answers with our notes alone when nothing was said before', async () => {
    const { consult } = await arrange(status(500));

    expect(await consult()).toHaveLength(1);
  });

  it('gives up after three seconds when it hangs, at once when the plan is given up', async () => {
    const { consult, double, clock, practices } = await arrange(() => undefined);
    const waiting = consult({ ...question, version: undefined });
    await waitUntil('the request', () => double.asked.length === 1);
    await clock.advance(3_000);
    expect(await waiting).toHaveLength(1);

    const stop = new AbortController();
    const stopped = practices.consult({ ...question, version: undefined }, stop.signal);
    await waitUntil('the request', () => double.asked.length === 2);
    stop.abort();
    expect(await stopped).toHaveLength(1);
    await clock.advance(3_000);
  });

  it('gives up when the answer begins and does not end', async () => {
    const { consult, double, clock } = await arrange(
      (_request, response) => void response.write('{"codeSnippets":['),
    );
    const waiting = consult({ ...question, version: undefined });
    await waitUntil('the request', () => double.asked.length === 1);

    await clock.advance(3_000);

    expect(await waiting).toHaveLength(1);
  });

  it('leaves it alone for ten minutes after three failures, then asks once, and says both once', async () => {
    const { consult, double, clock, log } = await arrange(status(500));
    const ask = () => consult({ ...question, version: undefined });
    for (let round = 0; round < 6; round += 1) await ask();
    expect(double.asked).toHaveLength(3);

    await clock.advance(10 * minute);
    await Promise.all([
      ask(),
      consult({ ...question, version: undefined, topic: 'optimising slow queries' }),
    ]);
    expect(double.asked).toHaveLength(4);
    await ask();
    expect(double.asked).toHaveLength(4);

    await clock.advance(10 * minute);
    double.reply = answer();
    expect(await ask()).toHaveLength(2);
    expect(log.events.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'Context7 does not answer; plans show our own notes and what it said before'],
      ['info', 'Context7 answers again'],
    ]);
  });

  it.each([
    ['Retry-After in seconds', { 'retry-after': '1800' }, ''],
    ['Retry-After as a date', { 'retry-after': new Date(Date.UTC(2026, 0, 1, 0, 30)).toUTCString() }, ''],
    ['the body', {}, '{"error":"Too many requests","retryAfterSeconds":1800}'],
  ])('waits as long as a 429 asks for in %s', async (_name, headers, body) => {
    const { consult, double, clock } = await arrange(status(429, body, { ...headers }));
    const ask = () => consult({ ...question, version: undefined });
    await ask();
    await clock.advance(29 * minute);
    await ask();
    expect(double.asked).toHaveLength(1);

    await clock.advance(2 * minute);
    await ask();

    expect(double.asked).toHaveLength(2);
  });

  it('takes a 202 and an answer without snippets for nothing to say, and asks again after an hour', async () => {
    const { consult, double, clock, log } = await arrange(status(202, '{"message":"not finalized"}'));
    const ask = () => consult({ ...question, version: undefined });
    expect(await ask()).toHaveLength(1);
    expect(await ask()).toHaveLength(1);
    expect(double.asked).toHaveLength(1);

    await clock.advance(60 * minute);
    double.reply = status(200, '{"codeSnippets":[],"infoSnippets":[]}');
    expect(await ask()).toHaveLength(1);
    await clock.advance(60 * minute);
    double.reply = answer();
    expect(await ask()).toHaveLength(2);
    expect(log.events).toEqual([]);
  });

  it('follows no redirect, so that the key goes nowhere else', async () => {
    const elsewhere = await arrange();
    const { consult, double } = await arrange(status(301, '', { location: elsewhere.double.url }));

    expect(await consult()).toHaveLength(1);

    expect(double.asked.length).toBeGreaterThan(0);
    expect(elsewhere.double.asked).toEqual([]);
  });

  it('goes on when what was kept is damaged or cannot be kept', async () => {
    const memory: Memory = {
      read: () => '{"text":1}',
      write: () => {
        throw new RangeError('too long');
      },
    };
    const { consult, log } = await arrange(answer(), memory);

    expect(await consult()).toHaveLength(1);
    expect(log.events).toMatchObject([{ level: 'warn', message: 'best practices could not be looked up' }]);
  });
});

describe('what leaves the agent', () => {
  it('is a topic of the list, a pinned library and a number of a version, whatever is asked', async () => {
    const asked: URL[] = [];
    const listening: typeof fetch = (address) => {
      asked.push(new URL(address instanceof Request ? address.url : address));
      return Promise.resolve(Response.json({ results: [], codeSnippets: [] }));
    };
    const topics = new Set<string>(practiceTopics);
    const anything = record({
      engine: oneof(constantFrom('postgres', 'mongodb', 'redis', 'bigquery', 'cosmosdb'), string()),
      version: oneof(string(), constant("17'; SELECT * FROM customers"), constant(undefined)),
      topic: oneof(constantFrom(...practiceTopics), string(), constant('SELECT secret FROM customers')),
    });
    const isQuestion = (value: {
      engine: string;
      version: string | undefined;
      topic: string;
    }): value is PracticeQuestion => value.topic.length >= 0;

    await assert(
      asyncProperty(anything, async (value) => {
        const practices = createPractices({
          context7: { url: 'http://double.invalid/base', apiKey: new Secret('k'), timeoutMs: 1_000 },
          memory: new MapMemory(),
          clock: new FakeClock(),
          fetch: listening,
          log: createRecordingLog(),
        });
        if (isQuestion(value)) await practices.consult(value, never);
      }),
      { numRuns: 300 },
    );

    expect(asked.length).toBeGreaterThan(50);
    for (const { pathname, searchParams } of asked) {
      const text = [...searchParams].map(([name, value]) => `${name}=${value}`).join('&');
      expect(`${pathname}?${text}`).toMatch(
        /^\/base\/api\/v2\/(libs\/search\?libraryName=(PostgreSQL|MongoDB|Redis|Google BigQuery|Azure Cosmos DB)&query=\2|context\?libraryId=(\/[a-z_-]+){2}(\/v?[\d.]+)?&query=[a-z ]+ in [A-Z][A-Za-z ]+&type=json)$/,
      );
      const topic = searchParams.get('query')?.split(' in ')[0] ?? '';
      expect(pathname.endsWith('search') || topics.has(topic)).toBe(true);
    }
  });
});
