/** The reply of INFO, parsed once and asked by field. */
export interface Info {
  /** The field's text; undefined when the server did not give it or gave it empty. */
  text(field: string): string | undefined;
  /** The field as a number; undefined when it is absent or not one. */
  number(field: string): number | undefined;
  /** Fields of one section in the server's order; the section's name in lower case. */
  section(name: string): ReadonlyMap<string, string>;
}

const noFields: ReadonlyMap<string, string> = new Map();

/** Parses the reply of INFO. Lines that are not `field:value` are skipped, as the manual asks of clients. */
export function parseInfo(reply: string): Info {
  const sections = new Map<string, Map<string, string>>();
  const all = new Map<string, string>();
  let current = new Map<string, string>();
  for (const raw of reply.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line.startsWith('#')) {
      current = new Map();
      sections.set(line.slice(1).trim().toLowerCase(), current);
      continue;
    }
    const colon = fieldEnd(line);
    if (colon <= 0) continue;
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1);
    current.set(field, value);
    all.set(field, value);
  }
  return {
    text: (field) => nonEmpty(all.get(field)),
    number: (field) => toNumber(all.get(field)),
    section: (name) => sections.get(name) ?? noFields,
  };
}

/** Parses `calls=1,usec=5,…`, as INFO writes commands, errors, databases and replicas. */
export function parseFields(value: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const part of value.split(',')) {
    const equals = part.indexOf('=');
    if (equals > 0) fields.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return fields;
}

/** A number as the server prints it (a trailing `%` is dropped); undefined when the text is absent or not a number. */
export function toNumber(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text.endsWith('%') ? text.slice(0, -1) : text);
  return Number.isFinite(value) ? value : undefined;
}

/** The number if it is not negative: the server writes -1 for "never" and "not applicable". */
export function known(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 ? value : undefined;
}

/** Unlike every other field, the name of an error may hold a colon; its value begins with `count=`. */
function fieldEnd(line: string): number {
  return line.startsWith('errorstat_') ? line.lastIndexOf(':count=') : line.indexOf(':');
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
