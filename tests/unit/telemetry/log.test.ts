import { describe, expect, it } from 'vitest';
import { CollectError } from '../../../src/core/errors.ts';
import { createRedact, Secret } from '../../../src/core/secret.ts';
import type { LogOptions } from '../../../src/telemetry/log.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const canary = 'canary "pass\\word" 42';

async function setUp(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = await createLog({
    format: 'json',
    level: 'info',
    redact: createRedact([canary]),
    clock: new FakeClock(Date.UTC(2026, 0, 1)),
    write: (line) => lines.push(line),
    ...options,
  });
  const events = () => lines.map((line): unknown => JSON.parse(line));
  return { log, lines, events };
}

describe('createLog', () => {
  it('writes one JSON object a line with the fields beside the message', async () => {
    const { log, lines, events } = await setUp();

    log.warn('collection failed', { target: 'orders', durationMs: 12 });

    expect(lines[0]).toMatch(/\n$/);
    expect(events()).toEqual([
      {
        level: 'warn',
        time: '2026-01-01T00:00:00.000Z',
        target: 'orders',
        durationMs: 12,
        msg: 'collection failed',
      },
    ]);
  });

  it('puts the fields of a child on each of its events', async () => {
    const { log, events } = await setUp();

    log.child({ target: 'orders' }).child({ group: 'indexes' }).info('read', { rows: 1 });

    expect(events()).toMatchObject([{ target: 'orders', group: 'indexes', rows: 1 }]);
  });

  it('is silent below its level, also in children, and follows a change of it', async () => {
    const { log, events } = await setUp();
    const child = log.child({ target: 'orders' });

    child.debug('before');
    log.setLevel('debug');
    child.debug('after');
    log.setLevel('error');
    child.warn('too low');

    expect(events()).toMatchObject([{ msg: 'after' }]);
  });

  it('writes an error with its code and its causes, and no stack', async () => {
    const { log, events } = await setUp();
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

    log.error('collection failed', { error: new CollectError('unreachable', 'no connection', { cause }) });

    expect(events()).toMatchObject([
      {
        error: {
          message: 'no connection',
          code: 'unreachable',
          cause: { message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
        },
      },
    ]);
    expect(JSON.stringify(events())).not.toContain('stack');
  });

  it('writes the stack while debugging', async () => {
    const { log, lines } = await setUp({ level: 'debug' });

    log.error('broken', { error: new Error('why') });

    expect(lines[0]).toContain('log.test.ts');
  });

  it.each(['json', 'pretty'] as const)('never prints a secret as %s', async (format) => {
    const { log, lines } = await setUp({ level: 'debug', format });

    log.info('message', { plain: canary, nested: { deep: [canary] }, secret: new Secret(canary) });
    log.error('failed', {
      error: new Error(`password ${canary} refused`, {
        cause: new Error(`postgres://u:${encodeURIComponent(canary)}@h`),
      }),
    });
    log.child({ bound: canary }).warn('child');

    const text = lines.join('');
    expect(lines).toHaveLength(3);
    expect(text).not.toContain('canary');
    expect(text).toContain('[secret]');
  });

  it.each(['json', 'pretty'] as const)(
    'leaves names and the line whole where a password is in them, as %s',
    async (format) => {
      const { log, lines } = await setUp({ format, redact: createRedact(['poor', 'warn', 'reason']) });

      log.warn('a poor warning', { target: 'pgpoor', subject: 'poor', reason: 'login with poor failed' });

      expect(lines[0]).toContain('a poor warning');
      expect(lines[0]).toContain('"target":"pgpoor"');
      expect(lines[0]).toContain('"subject":"poor"');
      expect(lines[0]).toContain('"reason":"login with [secret] failed"');
    },
  );

  it('keeps its own fields apart from those of an event', async () => {
    const { log, events } = await setUp();

    log.info('hello', { msg: 'mine', level: 'high', time: 'now' });

    expect(events()).toMatchObject([
      { msg: 'hello', level: 'info', msg_: 'mine', level_: 'high', time_: 'now' },
    ]);
  });

  it('writes for people as one readable line', async () => {
    const { log, lines } = await setUp({ format: 'pretty' });

    log.info('agent is running', { targets: 3 });

    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('agent is running');
    expect(lines[0]).toContain('"targets":3');
  });
});
