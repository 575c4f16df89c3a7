import { ProtoMessage } from './proto-reader.ts';

export type AttributeValue =
  | string
  | number
  | boolean
  | Buffer
  | undefined
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface Scope {
  readonly name: string;
  readonly version: string;
}

/** What stands above a metric or a span. */
export interface Above {
  readonly scope: Scope;
  readonly resource: Attributes;
}

/** An export request of any signal: resources, in each its scopes, in each its metrics or spans. */
export function decodeSignals<T>(
  body: Buffer,
  decodeItem: (item: ProtoMessage, above: Above) => readonly T[],
): readonly { readonly resource: Attributes; readonly items: readonly T[] }[] {
  return new ProtoMessage(body).messages(1).map((resourceSignals) => {
    const resource = decodeResource(resourceSignals);
    const items = resourceSignals.messages(2).flatMap((scopeSignals) => {
      const scope = decodeScope(scopeSignals);
      return scopeSignals.messages(2).flatMap((item) => decodeItem(item, { scope, resource }));
    });
    return { resource, items };
  });
}

/** The attributes of `opentelemetry.proto.resource.v1.Resource`, field 1 of every Resource{Metrics,Spans}. */
function decodeResource(resourceSignals: ProtoMessage): Attributes {
  const resource = resourceSignals.message(1);
  return resource ? decodeAttributes(resource, 1) : {};
}

/** `InstrumentationScope`, field 1 of every Scope{Metrics,Spans}. */
function decodeScope(scopeSignals: ProtoMessage): Scope {
  const scope = scopeSignals.message(1);
  return { name: scope?.text(1) ?? '', version: scope?.text(2) ?? '' };
}

/** A `repeated KeyValue` field. */
export function decodeAttributes(message: ProtoMessage, field: number): Attributes {
  return Object.fromEntries(
    message.messages(field).map((pair) => [pair.text(1), decodeValue(pair.message(2))]),
  );
}

/** `AnyValue`: a oneof of seven, or nothing. */
function decodeValue(value: ProtoMessage | undefined): AttributeValue {
  if (value === undefined) return undefined;
  if (value.has(1)) return value.text(1);
  if (value.has(2)) return value.bool(2);
  if (value.has(3)) return Number(value.signed(3));
  if (value.has(4)) return value.double(4);
  if (value.has(5)) return value.message(5)?.messages(1).map(decodeValue);
  const list = value.message(6);
  if (list !== undefined) return decodeAttributes(list, 1);
  return value.has(7) ? value.bytes(7) : undefined;
}
