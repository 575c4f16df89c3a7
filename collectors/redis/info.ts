/** The reply of INFO, parsed once and asked by field. */
export interface Info {
  /** The field's text; undefined when the server did not give it or gave it empty. */
  text(field: string): string | undefined;
  /** The field as a number; undefined when it is absent or not one. */
  number(field: string): number | undefined;
  /** Lines of one of the sections that list commands, errors, latencies or databases, in the server's order. */
  list(name: 'commandstats' | 'errorstats' | 'latencystats' | 'keyspace'): ReadonlyMap<string, string>;
}

/** Sections that list things under names of their own making; their lines are no fields of the server. */
const listings: ReadonlySet<string> = new Set(['commandstats', 'errorstats', 'latencystats', 'keyspace']);

/**
 * Parses the reply of INFO. Lines that are not `field:value` are skipped, as the manual asks of clients.
 *
 * Every target keeps its latest reply until the next poll, so fields are not taken out but found in the text, by where they begin.
 */
export function parseInfo(reply: string): Info {
  const { fields, sections } = scan(reply);
  const find = (field: string): string | undefined => nonEmpty(valueOf(reply, fields, field));
  return {
    text: find,
    number: (field) => toNumber(find(field)),
    list: (name) => readList(reply, sections.get(name)),
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
const colonCode = 58;

/** Where the lines of a section that lists things stand. */
interface Section {
  readonly start: number;
  readonly end: number;
}

interface Scan {
  /** Places of fields, see {@link indexFields}. */
  readonly fields: Uint32Array;
  readonly sections: ReadonlyMap<string, Section>;
}

function scan(reply: string): Scan {
  const starts: number[] = [];
  const sections = new Map<string, Section>();
  let section: { start: number; end: number } | undefined;
  forEachLine(reply, 0, reply.length, (start, end) => {
    if (reply.charCodeAt(start) === hash) {
      const name = reply
        .slice(start + 1, end)
        .trim()
        .toLowerCase();
      section = listings.has(name) ? { start: end, end } : undefined;
      if (section !== undefined) sections.set(name, section);
    } else if (section !== undefined) section.end = end;
    else starts.push(start);
  });
  return { fields: indexFields(reply, starts), sections };
}

/** Calls back for every line that is not empty, without its end. No array of lines: this runs for every target at every poll. */
function forEachLine(
  text: string,
  from: number,
  to: number,
  take: (start: number, end: number) => void,
): void {
  for (let start = from; start < to; ) {
    const newline = text.indexOf('\n', start);
    const next = newline < 0 || newline > to ? to : newline;
    const end = text.charCodeAt(next - 1) === carriageReturn ? next - 1 : next;
    if (end > start) take(start, end);
    start = next + 1;
  }
}

/** A hash table of the places in `reply` at which fields begin, one-based; 0 is free. A field that comes twice has its last value. */
function indexFields(reply: string, starts: readonly number[]): Uint32Array {
  let size = 16;
  while (size < starts.length * 2) size *= 2;
  const slots = new Uint32Array(size);
  for (const start of starts) {
    const colon = reply.indexOf(':', start);
    if (colon <= start) continue;
    const name = reply.slice(start, colon);
    if (name.includes('\n')) continue; // a line without a colon
    slots[slotOf(reply, slots, name)] = start + 1;
  }
  return slots;
}

/** The slot that holds the field, or the free one that it would have; there is always a free one. */
function slotOf(reply: string, slots: Uint32Array, field: string): number {
  let code = 0;
  for (let at = 0; at < field.length; at += 1) code = (Math.imul(code, 31) + field.charCodeAt(at)) | 0;
  for (let slot = code & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
    const start = slots[slot] ?? 0;
    if (start === 0) return slot;
    const isField = reply.startsWith(field, start - 1);
    if (isField && reply.charCodeAt(start - 1 + field.length) === colonCode) return slot;
  }
}

function valueOf(reply: string, slots: Uint32Array, field: string): string | undefined {
  const start = slots[slotOf(reply, slots, field)] ?? 0;
  if (start === 0) return undefined;
  const newline = reply.indexOf('\n', start);
  const next = newline < 0 ? reply.length : newline;
  const end = reply.charCodeAt(next - 1) === carriageReturn ? next - 1 : next;
  return detached(reply.slice(start + field.length, end));
}

function readList(reply: string, section: Section | undefined): ReadonlyMap<string, string> {
  const list = new Map<string, string>();
  if (section === undefined) return list;
  forEachLine(reply, section.start, section.end, (start, end) => {
    // Unlike every other field, the name of an error may hold a colon; its value begins with `count=`.
    const colon = reply.startsWith('errorstat_', start)
      ? reply.lastIndexOf(':count=', end)
      : reply.indexOf(':', start);
    if (colon > start && colon < end)
      list.set(detached(reply.slice(start, colon)), reply.slice(colon + 1, end));
  });
  return list;
}

/** V8 cuts longer pieces out of a text by reference, so that one remembered id or label would keep the whole text. */
function detached(piece: string): string {
  return piece.length < 13 ? piece : Buffer.from(piece).toString();
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
