/** Attributes of a span; what is undefined is left out. Never a secret, a row or a query parameter. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** One timed piece of work. */
export interface Span {
  /** Work inside this one. */
  child(name: string, attributes?: SpanAttributes): Span;
  set(attributes: SpanAttributes): void;
  /** Marks the work as failed; `code` is the same closed set as in metrics. */
  fail(code: string, message: string): void;
  /** Ends the span; it is not to be used afterwards. */
  end(): void;
}

/** Where spans begin: `collect` for a collection, with a child for each group. */
export interface Tracing {
  start(name: string, attributes?: SpanAttributes): Span;
}

/** Hands spans to a destination that may come and go while the agent runs; without one they cost nothing. */
export interface TracingSwitch extends Tracing {
  connect(destination: Tracing | undefined): void;
}

const noSpan: Span = {
  child: () => noSpan,
  set: () => {},
  fail: () => {},
  end: () => {},
};

export const noTracing: Tracing = { start: () => noSpan };

export function createTracingSwitch(): TracingSwitch {
  let destination = noTracing;
  return {
    start: (name, attributes) => destination.start(name, attributes),
    connect: (next) => {
      destination = next ?? noTracing;
    },
  };
}
