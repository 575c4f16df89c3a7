import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../../src/core/errors.ts';
import { parse } from './support.ts';

const canary = 'canary-S3cr/et @7';
const encoded = encodeURIComponent(canary);
const env = { URL: `lamp://user:${encoded}@host/db`, KEY: canary, TOKEN: canary };

const text = `
targets:
  - { id: desk, engine: lamp, url: { env: URL }, key: { env: KEY }, remediation: { credentials: { env: KEY } } }
control: { tokens: [{ name: ann, role: admin, token: { env: TOKEN } }], webhookSecret: { env: KEY } }
otlp: { endpoint: "http://c:4318", headers: { authorization: { env: TOKEN } } }
`;

describe('a secret in the configuration', () => {
  it('is shown by no way of printing it', () => {
    const config = parse(text, env);

    const prints = [
      JSON.stringify(config),
      inspect(config, { depth: 20, showHidden: true }),
      inspect(config, { depth: 20, customInspect: false }),
      format('%s %o %O %j', config, config, config, config),
      String(config.targets[0]?.remediation.credentials),
      String(config.otlp?.headers['authorization']),
    ];

    for (const print of prints) {
      expect(print).not.toContain(canary);
      expect(print).not.toContain(encoded);
    }
  });

  it('is removed from texts, as it is, encoded, and as the whole URL', () => {
    const { redact } = parse(text, env);

    const said = redact(
      `cannot log in with ${canary} (${encoded}) at ${env.URL}: ${JSON.stringify({ canary })}`,
    );

    expect(said).not.toContain(canary);
    expect(said).not.toContain(encoded);
    expect(said).toContain('cannot log in with [secret]');
  });

  it.each([
    `targets: [{ id: a, engine: lamp, url: "lamp://u:${encoded}@h" }]`,
    `targets: [{ id: a, engine: lamp, url: "lamp://u:${canary}@h" }]`,
    `targets: [{ id: a, engine: lamp, url: "nolamp://u:${encoded}@h" }]`,
    `targets: [{ id: a, engine: lamp, url: { env: "lamp://u:${encoded}@h" } }]`,
    `targets: [{ id: a, engine: lamp, url: { file: "lamp://u:${encoded}@h" } }]`,
    `targets: [{ id: a, engine: lamp, url: { env: "${canary}" } }]`,
    `targets: [{ id: a, engine: lamp, url: "lamp://h?password=${encoded}" }]`,
    `targets: [{ id: a, engine: lamp, url: "lamp://h", key: "${canary}" }]`,
    `targets: [{ id: a, engine: lamp, url: { value: "${canary}" } }]`,
    `targets: [{ id: a, engine: lamp, url: "lamp://u:${encoded}@h" "x" }]`,
    `targets: [{ id: a, engine: lamp, interval: "${canary}" , url: "lamp://h"}]`,
    `otlp: { endpoint: "http://u:${encoded}@h", headers: { Authorization: "${canary}" } }`,
    `control: { tokens: [{ name: a, role: admin, token: "${canary}", sha256: "${canary}" }] }`,
    `url: lamp://u:${encoded}@h\nurl: lamp://u:${encoded}@h`,
    `"${canary}`,
    `a: *${encoded}`,
  ])('is not repeated by what is said about %#', (broken) => {
    let message = '';
    try {
      parse(broken);
    } catch (error) {
      message = `${messageOf(error)}${inspect(error)}`;
    }

    expect(message).not.toBe('');
    expect(message).not.toContain(canary);
    expect(message).not.toContain(encoded);
    expect(message).not.toContain('S3cr');
  });

  it.each([`lamp://u:${canary}@h`, `http://u:${encoded}@h`, canary])(
    'is not repeated when the environment holds a wrong value',
    (url) => {
      expect(() => parse('targets: [{ id: a, engine: lamp, url: { env: URL } }]', { URL: url })).toThrow(
        /^(?!.*S3cr).*the value of URL/s,
      );
    },
  );
});
