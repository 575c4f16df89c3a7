import { describe, expect, it } from 'vitest';
import { engineOptionsSchema, renderConfigSchema } from '../../../src/config/json-schema.ts';
import { engines, lampEngine } from './support.ts';

describe('renderConfigSchema', () => {
  it('describes targets of each engine, with defaults as they are written', () => {
    const schema: unknown = JSON.parse(renderConfigSchema(engines));

    expect(schema).toMatchObject({
      required: ['targets'],
      additionalProperties: false,
      properties: { targets: { items: { oneOf: [{ $ref: '#/$defs/lamp' }] } } },
      $defs: {
        lamp: {
          required: ['id', 'engine', 'url'],
          additionalProperties: false,
          properties: {
            engine: { const: 'lamp' },
            pause: {
              type: 'string',
              format: 'reeve-duration',
              default: '2s',
              description: 'Time between flashes.',
            },
            bulb: { type: 'string', format: 'reeve-size', default: '2MiB' },
            interval: { default: '15s' },
            unusedAfter: { default: '100d' },
          },
        },
      },
    });
  });

  it('is the same every time', () => {
    expect(renderConfigSchema(engines)).toBe(renderConfigSchema(new Map(engines)));
  });
});

describe('engineOptionsSchema', () => {
  it('holds only what the engine adds', () => {
    const { properties } = engineOptionsSchema(lampEngine);

    expect(Object.keys(properties ?? {})).toEqual(['url', 'key', 'socket', 'pause', 'bulb', 'ca', 'shade']);
  });
});
