import { describe, expect, it } from 'vitest';
import type { PracticeTopic } from '../../../src/core/ports/practices.ts';
import { Secret } from '../../../src/core/secret.ts';
import { createContext7Client } from '../../../src/knowledge/context7-client.ts';
import { FakeClock } from '../../support/fake-clock.ts';

describe('createContext7Client', () => {
  it('sends no topic that is not on the list, whoever asks', async () => {
    const nothingMayLeave: typeof fetch = () => Promise.reject(new Error('asked'));
    const client = createContext7Client(
      { url: 'http://double.invalid', apiKey: new Secret('k'), timeoutMs: 1_000 },
      { fetch: nothingMayLeave, clock: new FakeClock() },
    );
    const foreign = 'SELECT secret FROM customers';
    const isTopic = (text: string): text is PracticeTopic => text !== '';

    const answer = isTopic(foreign)
      ? await client.context({ id: '/websites/postgresql', name: 'PostgreSQL' }, undefined, foreign)
      : undefined;

    expect(answer).toEqual({ kind: 'empty' });
  });
});
