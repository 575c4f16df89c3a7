import { describe, expect, it } from 'vitest';
import { CollectError } from '../../src/sdk.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import type { Command, Connection } from './connection.ts';
import { KeyScan } from './key-scan.ts';

const { signal } = new AbortController();

/** A server with keys of these sizes, where each command takes its time on the test's clock. */
function serverWith(
  databases: Readonly<Record<string, readonly number[]>>,
  clock: FakeClock,
  msPerCommand = 0,
) {
  const sent: Command[] = [];
  const state = { db: '0', denied: '' };
  const answer = (command: Command): unknown => {
    const [name, ...args] = command.map(String);
    const sizes = databases[state.db] ?? [];
    if (name === state.denied) throw new CollectError('denied', `${name} denied`);
    if (name === 'SELECT') state.db = args[0] ?? '';
    if (name !== 'SCAN') return name === 'MEMORY' ? sizes[Number(args[1]?.slice(1))] : 'OK';
    const from = Number(args[0]);
    const count = Number(args[2]);
    const keys = sizes.slice(from, from + count).map((_, index) => Buffer.from(`k${from + index}`));
    return [Buffer.from(from + count >= sizes.length ? '0' : String(from + count)), keys];
  };
  const pipelineBytes: Connection['pipeline'] = async (commands) => {
    sent.push(...commands);
    if (msPerCommand > 0) await clock.advance(msPerCommand * commands.length);
    return commands.map((command) => ({ reply: answer(command) }));
  };
  const connection: Connection = {
    isOpen: true,
    loginIgnored: false,
    pipeline: pipelineBytes,
    pipelineBytes,
    listen: () => Promise.reject(new Error('not asked')),
    call: () => Promise.reject(new Error('not asked')),
    close: () => undefined,
  };
  const names = (): ReadonlySet<string> => new Set(sent.map(([name]) => name));
  return { connection, sent, names, state };
}

function scanOf(
  server: ReturnType<typeof serverWith>,
  databases: readonly string[],
  clock: FakeClock,
  budget = {},
) {
  const all = { top: 3, serverTimeMs: 25, keysPerSecond: 1_000, everyMs: 3_600_000, ...budget };
  return new KeyScan(
    () => server.connection,
    async () => databases,
    clock,
    all,
    { turn: (work) => work() },
  );
}

const sizes = Array.from({ length: 500 }, (_, index) => 50 + ((index * 37) % 499));

describe('KeyScan', () => {
  it('finds the biggest keys of all databases, biggest first, by SCAN and MEMORY USAGE only', async () => {
    const clock = new FakeClock();
    const server = serverWith({ 0: sizes, 4: [9_000, 10, 700] }, clock);
    const scan = scanOf(server, ['0', '4'], clock);

    await scan.run(signal, signal);

    const { biggest, seen, finishedAt } = scan.state();
    expect(biggest.map(({ database, bytes }) => [database, bytes])).toEqual([
      ['4', 9_000],
      ['4', 700],
      ['0', 548],
    ]);
    expect([seen, finishedAt]).toEqual([503, clock.now()]);
    expect(server.names()).toEqual(new Set(['SELECT', 'SCAN', 'MEMORY']));
    expect(server.sent.filter(([name]) => name === 'SCAN').map((command) => command.length)).not.toContain(6);
  });

  it('does not select a database where only the first has keys', async () => {
    const clock = new FakeClock();
    const server = serverWith({ 0: sizes }, clock);

    await scanOf(server, ['0'], clock).run(signal, signal);

    expect(server.names()).toEqual(new Set(['SCAN', 'MEMORY']));
  });

  it('keeps to the keys of a second and goes on in the background', async () => {
    const clock = new FakeClock();
    const server = serverWith({ 0: sizes }, clock);
    const scan = scanOf(server, ['0'], clock, { keysPerSecond: 100 });

    await scan.run(signal, signal);
    const first = scan.state();
    await clock.advance(2_000);
    const third = scan.state();
    await clock.advance(10_000);
    const last = scan.state();

    expect([first.seen, third.seen, last.seen]).toEqual([100, 300, 500]);
    expect([first.finishedAt, third.finishedAt]).toEqual([undefined, undefined]);
    expect(last.finishedAt).toBeDefined();
  });

  it('keeps to the time of the server', async () => {
    const clock = new FakeClock();
    const server = serverWith({ 0: sizes }, clock, 1);
    const scan = scanOf(server, ['0'], clock);

    const startMs = clock.monotonicMs();
    await scan.slice(signal);
    const firstMs = clock.monotonicMs() - startMs;
    await scan.slice(signal);
    const secondMs = clock.monotonicMs() - startMs - firstMs;

    // The first slice has to learn how slow this server is.
    expect(firstMs).toBeLessThanOrEqual(40);
    expect(secondMs).toBeLessThanOrEqual(35);
  });

  it('rests after a walk, and keeps what it found until the next one is whole', async () => {
    const clock = new FakeClock();
    const server = serverWith({ 0: sizes }, clock);
    const scan = scanOf(server, ['0'], clock, { keysPerSecond: 250, everyMs: 60_000 });
    await scan.run(signal, signal);
    await clock.advance(5_000);
    const asked = server.sent.length;

    await scan.run(signal, signal);
    const resting = server.sent.length;
    await clock.advance(60_000);
    await scan.run(signal, signal);

    expect(resting).toBe(asked);
    expect(server.sent.length).toBeGreaterThan(asked);
    expect(scan.state().seen).toBe(500);
  });

  it('looks again after a minute where there was no key, however long it rests otherwise', async () => {
    const clock = new FakeClock();
    const databases: Record<string, readonly number[]> = {};
    const server = serverWith(databases, clock);
    const scan = scanOf(server, [], clock, { everyMs: 6 * 3_600_000 });
    await scan.run(signal, signal);
    const early = scan.state();

    await clock.advance(59_000);
    await scan.run(signal, signal);
    const resting = scan.state();
    await clock.advance(1_000);
    await scan.run(signal, signal);

    expect([early.seen, early.finishedAt]).toEqual([0, clock.now() - 60_000]);
    expect(resting.finishedAt).toBe(early.finishedAt);
    expect(scan.state().finishedAt).toBe(clock.now());
  });

  it('says once why it stopped in the background, and goes on at the next run', async () => {
    const clock = new FakeClock();
    const server = serverWith({ 0: sizes }, clock);
    const scan = scanOf(server, ['0'], clock, { keysPerSecond: 100 });

    await scan.run(signal, signal);
    server.state.denied = 'MEMORY';
    await clock.advance(1_000);
    server.state.denied = '';
    expect(() => scan.state()).toThrow('MEMORY denied');
    await scan.run(signal, signal);

    expect(scan.state().seen).toBe(200);
  });
});
