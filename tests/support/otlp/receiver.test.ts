import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { startOtlpReceiver } from './receiver.ts';

describe('startOtlpReceiver', () => {
  it('decodes what the OpenTelemetry SDK sends', async () => {
    await using receiver = await startOtlpReceiver();
    const exporter = new OTLPMetricExporter({
      url: `${receiver.url}/v1/metrics`,
      temporalityPreference: AggregationTemporality.CUMULATIVE,
    });
    const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    const meter = provider.getMeter('reeve', '1.2.3');
    const attributes = { 'db.system.name': 'redis', port: 6379, tls: false, members: ['a', 'b'] };
    meter.createCounter('a.count', { unit: '{ops}', description: 'Counts.' }).add(7, attributes);
    meter.createGauge('a.gauge').record(-1.5);
    meter
      .createHistogram('a.histogram', { unit: 's', advice: { explicitBucketBoundaries: [1, 2] } })
      .record(1.5);

    await provider.forceFlush();
    await provider.shutdown();

    const [count] = receiver.points('a.count');
    expect(count).toMatchObject({
      kind: 'sum',
      unit: '{ops}',
      description: 'Counts.',
      temporality: 'cumulative',
      isMonotonic: true,
      value: 7,
      attributes,
      scope: { name: 'reeve', version: '1.2.3' },
    });
    expect(count?.resource['telemetry.sdk.name']).toBe('opentelemetry');
    expect(count?.timeUnixNano).toBeGreaterThan(1_700_000_000_000_000_000n);
    expect(receiver.points('a.gauge')[0]).toMatchObject({ kind: 'gauge', value: -1.5, valueType: 'double' });
    expect(receiver.points('a.histogram')[0]).toMatchObject({
      kind: 'histogram',
      count: 1,
      value: 1.5,
      bounds: [1, 2],
      bucketCounts: [0, 1, 0],
    });
    expect(receiver.requests[0]).toMatchObject({ path: '/v1/metrics', status: 200 });
  });

  it('decodes a span', async () => {
    await using receiver = await startOtlpReceiver();
    const text = (field: number, value: string): number[] => bytes(field, [...Buffer.from(value)]);
    const bytes = (field: number, value: readonly number[]): number[] => [
      field * 8 + 2,
      value.length,
      ...value,
    ];
    const status = bytes(15, [...text(2, 'no'), 3 * 8, 2]);
    const span = [
      ...bytes(
        1,
        Array.from({ length: 16 }, () => 0xab),
      ),
      ...text(5, 'collect'),
      6 * 8,
      3,
      ...status,
    ];
    const body = bytes(1, bytes(2, bytes(2, span)));

    const response = await post(receiver.url, '/v1/traces', Buffer.from(body));

    expect(response.status).toBe(200);
    expect(receiver.spans('collect')).toMatchObject([
      {
        traceId: 'ab'.repeat(16),
        parentSpanId: '',
        kind: 'client',
        status: { code: 'error', message: 'no' },
        attributes: {},
      },
    ]);
  });

  it('refuses, hangs and rejects what is not protobuf', async () => {
    await using receiver = await startOtlpReceiver();

    const malformed = await post(receiver.url, '/v1/metrics', Buffer.from([0x0a, 0xff]));
    receiver.set(503);
    const refused = await post(receiver.url, '/v1/metrics', Buffer.alloc(0));
    receiver.set('hang');
    const hanging = post(receiver.url, '/v1/metrics', Buffer.alloc(0), AbortSignal.timeout(100));

    await expect(hanging).rejects.toThrow(/timeout/);
    expect([malformed.status, refused.status]).toEqual([400, 503]);
    expect(receiver.requests.map((request) => request.status)).toEqual([400, 503, 0]);
  });
});

function post(url: string, path: string, body: Buffer, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: new Uint8Array(body),
    signal: signal ?? null,
  });
}
