import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { LeftBehindError, withDeadline } from '../../../src/collect/with-deadline.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const hang = (): Promise<never> => new Promise(() => undefined);

describe('withDeadline', () => {
  it('leaves nothing at the shutdown signal, however the work ended', async () => {
    const clock = new FakeClock();
    const shutdown = new AbortController();
    const deadline = { clock, deadlineMs: 1_000, shutdown: shutdown.signal };

    const hung = withDeadline(deadline, hang).catch((error: unknown) => error);
    await withDeadline(deadline, () => Promise.resolve());
    await expect(withDeadline(deadline, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await clock.advance(3_000);

    expect(await hung).toBeInstanceOf(LeftBehindError);
    expect(getEventListeners(shutdown.signal, 'abort')).toHaveLength(0);
  });

  it.each(['before', 'during'] as const)(
    'aborts the work at a shutdown %s it, and waits a little',
    async (when) => {
      const clock = new FakeClock();
      const shutdown = new AbortController();
      if (when === 'before') shutdown.abort(new Error('stopping'));
      let reason: unknown;

      const ended = withDeadline({ clock, deadlineMs: 60_000, shutdown: shutdown.signal }, async (signal) => {
        await clock.sleep(30_000, signal).catch((error: unknown) => {
          reason = error;
        });
        return hang();
      }).catch((error: unknown) => error);
      await clock.advance(1_000);
      shutdown.abort(new Error('stopping'));
      await clock.advance(2_000);

      expect(await ended).toBeInstanceOf(LeftBehindError);
      expect(reason).toMatchObject({ message: 'stopping' });
    },
  );
});
