import { describe, expect, it } from 'vitest';
import type { Tracing } from '../../../src/telemetry/tracing.ts';
import { createTracingSwitch, noTracing } from '../../../src/telemetry/tracing.ts';

describe('createTracingSwitch', () => {
  it('costs nothing and does nothing without a destination', () => {
    const span = createTracingSwitch().start('collect', { target: 'orders' });

    span.child('read group').end();
    span.fail('timeout', 'late');
    span.end();

    expect(span).toBe(noTracing.start('another'));
  });

  it('begins and ceases to hand spans on while the agent runs', () => {
    const started: string[] = [];
    const destination: Tracing = {
      start: (name) => {
        started.push(name);
        return noTracing.start(name);
      },
    };
    const tracing = createTracingSwitch();

    tracing.start('before');
    tracing.connect(destination);
    tracing.start('during');
    tracing.connect(undefined);
    tracing.start('after');

    expect(started).toEqual(['during']);
  });
});
