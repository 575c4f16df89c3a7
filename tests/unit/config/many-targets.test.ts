import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load-config.ts';
import type { Engine } from '../../../src/core/engine.ts';
import { createFakeEngine } from '../../support/fake-engine.ts';

describe('a configuration of many targets', () => {
  it('makes the schema of an engine once, not once a target', () => {
    const { engine } = createFakeEngine();
    let made = 0;
    const counted: Engine = {
      ...engine,
      options: (fields) => {
        made += 1;
        return engine.options(fields);
      },
    };
    const targets = Array.from({ length: 500 }, (_unused, index) => `  - { id: t${index}, engine: fake }`);

    const config = parseConfig(`targets:\n${targets.join('\n')}\n`, {
      path: 'reeve.yaml',
      env: {},
      engines: new Map([['fake', counted]]),
    });

    expect(config.targets).toHaveLength(500);
    expect(made).toBe(1);
  });

  it('refuses a time between pushes that no timer can hold', () => {
    const { engine } = createFakeEngine();
    const text =
      'targets: [{ id: a, engine: fake }]\notlp: { endpoint: http://127.0.0.1:1, interval: 30d }\n';

    expect(() =>
      parseConfig(text, { path: 'reeve.yaml', env: {}, engines: new Map([['fake', engine]]) }),
    ).toThrow('otlp.interval: must be at most 1d');
  });
});
