import { Timestamp } from 'mongodb';
import { type Doc, long } from '../values.ts';

/** `{ts, t}` of a write at a wall time: whole seconds in the timestamp, as on the server. */
export function optime(wallMs: number | undefined, term: number): Doc {
  return {
    ts: timestamp(wallMs ?? 0, wallMs === undefined ? 0 : 1),
    t: long(wallMs === undefined ? -1 : term),
  };
}

export function timestamp(wallMs: number, increment = 1): Timestamp {
  return new Timestamp({ t: Math.floor(wallMs / 1000), i: increment });
}

/** Whole seconds; the epoch where there is no optime. */
export function optimeDate(wallMs: number | undefined): Date {
  return new Date(Math.floor((wallMs ?? 0) / 1000) * 1000);
}
