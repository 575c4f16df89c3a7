import { describe, expect, it } from 'vitest';
import { negotiateEncoding, negotiateFormat, renderHeader } from '../../../src/export/format.ts';

describe('negotiateFormat', () => {
  it.each([
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
    ['application/json', 'text'],
    ['not an accept header;;;', 'text'],
    ['text/plain', 'text'],
    ['text/plain;version=0.0.4', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text;version=1.0.0', 'openmetrics'],
    ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0', 'text'],
    ['application/openmetrics-text;q=0.3,text/plain;q=0.5', 'text'],
    ['application/openmetrics-text;q=0.5,text/plain;q=0.3', 'openmetrics'],
    // Prometheus 2.42
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    // Prometheus 3
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    // Prometheus with native histograms
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'text',
    ],
  ])('answers %j with %s', (accept, format) => {
    expect(negotiateFormat(accept)).toBe(format);
  });
});

describe('negotiateEncoding', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'gzip'],
    ['*', 'gzip'],
    ['br', 'identity'],
    ['gzip;q=0', 'identity'],
    ['identity, gzip;q=0.5', 'identity'],
  ])('answers %j with %s', (acceptEncoding, encoding) => {
    expect(negotiateEncoding(acceptEncoding)).toBe(encoding);
  });
});

describe('renderHeader', () => {
  const counter = { name: 'reeve_reads_total', type: 'counter', help: 'Says "hi"\nand \\.' } as const;

  it('names a counter with _total in the text format', () => {
    expect(renderHeader(counter, 'text')).toBe(
      '# HELP reeve_reads_total Says "hi"\\nand \\\\.\n# TYPE reeve_reads_total counter\n',
    );
  });

  it('names a counter without _total in OpenMetrics', () => {
    expect(renderHeader(counter, 'openmetrics')).toBe(
      '# HELP reeve_reads Says \\"hi\\"\\nand \\\\.\n# TYPE reeve_reads counter\n',
    );
  });

  it.each([
    ['reeve_lag_seconds', 'gauge', 'reeve_lag_seconds seconds'],
    ['reeve_written_bytes_total', 'counter', 'reeve_written_bytes bytes'],
    ['reeve_hit_ratio', 'gauge', 'reeve_hit_ratio ratio'],
  ] as const)('gives the unit that %s ends in', (name, type, unit) => {
    expect(renderHeader({ name, type, help: 'x' }, 'openmetrics')).toContain(`# UNIT ${unit}\n`);
  });

  it('gives no unit where the name has none', () => {
    expect(renderHeader({ name: 'reeve_up', type: 'gauge', help: 'x' }, 'openmetrics')).not.toContain('UNIT');
  });

  it('does not call a counter without _total a counter in OpenMetrics', () => {
    expect(renderHeader({ name: 'reeve_reads', type: 'counter', help: 'x' }, 'openmetrics')).toContain(
      'reeve_reads unknown',
    );
  });
});
