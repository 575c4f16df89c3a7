import { type Above, type Attributes, decodeAttributes, decodeSignals, type Scope } from './decode-common.ts';
import type { ProtoMessage } from './proto-reader.ts';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;

export interface Span {
  readonly name: string;
  /** Hexadecimal, like the other ids. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly kind: (typeof KINDS)[number];
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly attributes: Attributes;
  readonly events: readonly {
    readonly name: string;
    readonly timeUnixNano: bigint;
    readonly attributes: Attributes;
  }[];
  readonly status: { readonly code: (typeof STATUSES)[number]; readonly message: string };
  readonly scope: Scope;
  readonly resource: Attributes;
}

/** One `ResourceSpans`. */
export interface ResourceSpans {
  readonly resource: Attributes;
  readonly spans: readonly Span[];
}

/** `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`, OTLP 1.x. */
export function decodeTraces(body: Buffer): readonly ResourceSpans[] {
  return decodeSignals(body, (span, above) => [decodeSpan(span, above)]).map(({ resource, items }) => ({
    resource,
    spans: items,
  }));
}

function decodeSpan(span: ProtoMessage, above: Above): Span {
  const status = span.message(15);
  return {
    name: span.text(5),
    traceId: span.hex(1),
    spanId: span.hex(2),
    parentSpanId: span.hex(4),
    kind: KINDS[Number(span.unsigned(6))] ?? 'unspecified',
    startTimeUnixNano: span.unsigned(7),
    endTimeUnixNano: span.unsigned(8),
    attributes: decodeAttributes(span, 9),
    events: span.messages(11).map((event) => ({
      name: event.text(2),
      timeUnixNano: event.unsigned(1),
      attributes: decodeAttributes(event, 3),
    })),
    status: { code: STATUSES[Number(status?.unsigned(3) ?? 0n)] ?? 'unset', message: status?.text(2) ?? '' },
    ...above,
  };
}
