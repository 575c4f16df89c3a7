import { describe, expect, it } from 'vitest';
import { createConfigInForce } from '../../../src/cli/config-in-force.ts';
import { parse } from '../config/support.ts';

const text = 'targets: [{ id: desk, engine: lamp, url: lamp://host, key: { env: KEY } }]';
const configWith = (key: string) => parse(text, { KEY: key });

describe('the configuration in force', () => {
  it('hides its secrets and those of the one before it', () => {
    const inForce = createConfigInForce(configWith('canary-first'));

    inForce.replace(configWith('canary-second'));

    expect(inForce.redact('canary-first and canary-second')).toBe('[secret] and [secret]');
  });

  it('hides what collectors met at run time', () => {
    const inForce = createConfigInForce(configWith('canary-first'));

    inForce.conceal('canary-token');

    expect(inForce.redact('Bearer canary-token')).toBe('Bearer [secret]');
  });

  it('goes on hiding them after reloads that change nothing', () => {
    const inForce = createConfigInForce(configWith('canary-first'));
    inForce.replace(configWith('canary-second'));

    inForce.replace(configWith('canary-second'));

    expect(inForce.redact('canary-first and canary-second')).toBe('[secret] and [secret]');
  });
});
