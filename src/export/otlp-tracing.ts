import type { Attributes, Span as OtelSpan, Tracer } from '@opentelemetry/api';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Span, SpanAttributes, Tracing } from '../telemetry/tracing.ts';

/** Spans over OpenTelemetry; parents are handed on by hand, so no context manager is needed. */
export function createOtlpTracing(tracer: Tracer): Tracing {
  return {
    start: (name, attributes) => wrapSpan(tracer, startSpan(tracer, name, attributes, undefined)),
  };
}

function startSpan(
  tracer: Tracer,
  name: string,
  attributes: SpanAttributes | undefined,
  parent: OtelSpan | undefined,
): OtelSpan {
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
  const kind = parent === undefined ? SpanKind.INTERNAL : SpanKind.CLIENT;
  return tracer.startSpan(name, { kind, attributes: toAttributes(attributes) }, context);
}

function wrapSpan(tracer: Tracer, span: OtelSpan): Span {
  return {
    child: (name, attributes) => wrapSpan(tracer, startSpan(tracer, name, attributes, span)),
    set: (attributes) => {
      span.setAttributes(toAttributes(attributes));
    },
    fail: (code, message) => {
      span.setAttribute('reeve.code', code);
      span.setStatus({ code: SpanStatusCode.ERROR, message });
    },
    end: () => span.end(),
  };
}

/** The names that collect uses, and OpenTelemetry's. */
const attributeNames: Readonly<Record<string, string>> = {
  target: 'reeve.target',
  engine: 'reeve.engine',
  group: 'reeve.group',
  code: 'reeve.code',
};

function toAttributes(attributes: SpanAttributes | undefined): Attributes {
  const renamed: Attributes = {};
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined) renamed[attributeNames[name] ?? name] = value;
  }
  return renamed;
}
