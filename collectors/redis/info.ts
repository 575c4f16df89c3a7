/** The reply of INFO, parsed once and asked by field. */
export interface Info {
  /** The field's text; undefined when the server did not give it or gave it empty. */
  text(field: string): string | undefined;
  /** The field as a number; undefined when it is absent or not one. */
  number(field: string): number | undefined;
  /** Lines of one of the sections that list commands, errors, latencies or databases, in the server's order. */
  list(name: 'commandstats' | 'errorstats' | 'latencystats' | 'keyspace'): ReadonlyMap<string, string>;
}

const noFields: ReadonlyMap<string, string> = new Map();

/** Sections that list things under names of their own making; their lines are no fields of the server. */
const listings: ReadonlySet<string> = new Set(['commandstats', 'errorstats', 'latencystats', 'keyspace']);

/** Parses the reply of INFO. Lines that are not `field:value` are skipped, as the manual asks of clients. */
export function parseInfo(reply: string): Info {
  const fields = new Map<string, string>();
  const lists = new Map<string, Map<string, string>>();
  let current = fields;
  // No array of lines: this runs for every target at every poll.
  for (let start = 0; start < reply.length; ) {
    const newline = reply.indexOf('\n', start);
    const next = newline < 0 ? reply.length : newline;
    const end = reply.charCodeAt(next - 1) === carriageReturn ? next - 1 : next;
    if (reply.charCodeAt(start) === hash) {
      const name = reply
        .slice(start + 1, end)
        .trim()
        .toLowerCase();
      current = listings.has(name) ? new Map() : fields;
      if (current !== fields) lists.set(name, current);
    } else if (end > start) {
      addLine(current, reply, start, end);
    }
    start = next + 1;
  }
  return {
    text: (field) => nonEmpty(fields.get(field)),
    number: (field) => toNumber(fields.get(field)),
    list: (name) => lists.get(name) ?? noFields,
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

const carriageReturn = 13;
const hash = 35;

/** Unlike every other field, the name of an error may hold a colon; its value begins with `count=`. */
function addLine(fields: Map<string, string>, reply: string, start: number, end: number): void {
  const colon = reply.startsWith('errorstat_', start)
    ? reply.lastIndexOf(':count=', end)
    : reply.indexOf(':', start);
  if (colon > start && colon < end) fields.set(reply.slice(start, colon), reply.slice(colon + 1, end));
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
