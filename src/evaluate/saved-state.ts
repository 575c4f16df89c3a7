import type { Breach, ObjectiveState, SubjectKey } from '../core/judgement.ts';
import { objectiveStates } from '../core/judgement.ts';
import type { SavedState } from '../core/ports/objective-records.ts';
import {
  type AlertHold,
  isHeldBy,
  newSubject,
  type OpenBreach,
  type Progress,
  type SubjectState,
} from './subject-state.ts';
import { lengthen, type Mark, type Run, type Timeline } from './timeline.ts';

/** What is read of a saved state has this shape; any other is an unknown start. */
const version = 1;
const marks: readonly Mark[] = ['m', 'b', 'u'];

/** A state as it is kept over restarts. Its breach is kept apart, by the fingerprint. */
export function saveable(state: SubjectState, at: number): SavedState {
  const { target, objective, subject, open, timeline, latest } = state;
  const json = JSON.stringify({
    version,
    state: state.state,
    stateMs: state.stateMs,
    announced: state.announced,
    isSeen: state.isSeen,
    firstSeenAt: state.firstSeenAt,
    absentMs: state.absentMs,
    progress: state.progress,
    isClosing: isHeldBy(state, 'evaluation'),
    unknownMs: state.unknownMs,
    isBlind: state.isBlind,
    breaches: state.breaches,
    open: open && { fingerprint: open.breach.fingerprint, ageMs: open.ageMs, alerts: open.alerts },
    timeline: [...timeline.past, { mark: timeline.mark, ms: timeline.ms }].map(({ mark, ms }) => [mark, ms]),
    value: latest.value,
    basis: latest.basis,
  });
  return { target, objective, subject, at, json };
}

/**
 * The state after the agent was away: nothing is known until the next judgement, and the time in between was not seen.
 *
 * @param breach the one that is open, whatever the state says: it is on disk sooner.
 */
export function restored(
  saved: SavedState,
  engine: string,
  breach: Breach | undefined,
  now: number,
): SubjectState {
  const awayMs = Math.max(0, now - saved.at);
  const read = parse(saved, engine, breach, now);
  if (read === undefined) return withBreach(newSubject(saved, engine, {}, now), breach, now);
  const { progress, open } = read;
  const state = {
    ...read,
    stateMs: read.stateMs + awayMs,
    progress: progress && { ...progress, pauseMs: progress.pauseMs + awayMs, ageMs: progress.ageMs + awayMs },
    timeline: lengthen(read.timeline, 'u', awayMs),
  };
  if (breach === undefined || open?.fingerprint !== breach.fingerprint) return withBreach(state, breach, now);
  const alerts = open.alerts.map((hold) => ({ ...hold, ageMs: hold.ageMs + awayMs }));
  return { ...state, open: { breach, ageMs: open.ageMs + awayMs, alerts } };
}

/** A subject of which only the open breach is known. */
function withBreach(
  state: Omit<SubjectState, 'open'>,
  breach: Breach | undefined,
  now: number,
): SubjectState {
  if (breach === undefined) {
    const { state: last } = state;
    return { ...state, state: last === 'breached' ? 'unknown' : last, open: undefined };
  }
  // Which alert held it is lost: the next one that is heard of stands for it.
  const hold: AlertHold = { fingerprint: '', startsAt: breach.since, ageMs: 0 };
  const alerts = breach.holders.includes('alert') ? [hold] : [];
  const open: OpenBreach = { breach, ageMs: Math.max(0, now - breach.since), alerts };
  return {
    ...state,
    state: 'breached',
    announced: 'breached',
    isSeen: true,
    breaches: Math.max(1, state.breaches),
    open,
  };
}

type Fields = Readonly<Record<string, unknown>>;
type SavedOpen = Pick<OpenBreach, 'ageMs' | 'alerts'> & { readonly fingerprint: string };
type ReadState = Omit<SubjectState, 'open'> & { readonly open: SavedOpen | undefined };

function parse(
  saved: SavedState,
  engine: string,
  breach: Breach | undefined,
  now: number,
): ReadState | undefined {
  const fields = parseJson(saved.json);
  const lengthenBy = (timeline: Timeline, { mark, ms }: Run): Timeline => lengthen(timeline, mark, ms);
  const runs = fields === undefined ? undefined : readAll(fields['timeline'], readRun);
  const state = readState(fields?.['state']);
  const announced = readState(fields?.['announced']);
  if (fields === undefined || fields['version'] !== version) return undefined;
  if (runs === undefined || state === undefined || announced === undefined) return undefined;
  const key: SubjectKey = saved;
  const { open: _, ...empty } = newSubject(key, engine, {}, now);
  // The breach is on disk sooner: what was on the way to open it is not on the way to close it, and the other way round.
  const isSameWay = fields['isClosing'] === (breach?.holders.includes('evaluation') ?? false);
  return {
    ...empty,
    state,
    announced,
    stateMs: readDuration(fields['stateMs']) ?? 0,
    isSeen: fields['isSeen'] === true,
    // Of a clock that was ahead no age would ever come.
    firstSeenAt: Math.min(now, readDuration(fields['firstSeenAt']) ?? now),
    absentMs: readDuration(fields['absentMs']) ?? 0,
    progress: isSameWay ? readProgress(fields['progress']) : undefined,
    unknownMs: readDuration(fields['unknownMs']),
    isBlind: fields['isBlind'] === true,
    breaches: readDuration(fields['breaches']) ?? 0,
    open: readOpen(fields['open']),
    timeline: runs.reduce(lengthenBy, empty.timeline),
    latest: {
      ...empty.latest,
      at: saved.at,
      value: readNumber(fields['value']),
      basis: readNumber(fields['basis']),
    },
  };
}

function parseJson(json: string): Fields | undefined {
  try {
    return readFields(JSON.parse(json));
  } catch {
    // Damaged: the subject starts unknown, and its breach is known from elsewhere.
    return undefined;
  }
}

function readFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
}

function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function readDuration(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

function readState(value: unknown): ObjectiveState | undefined {
  return objectiveStates.find((state) => state === value);
}

function readAll<T>(value: unknown, read: (one: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const all = value.map(read);
  const whole = all.filter((one) => one !== undefined);
  return whole.length === all.length ? whole : undefined;
}

function readRun(value: unknown): Run | undefined {
  const fields = readFields(value);
  const mark = marks.find((known) => known === fields?.['0']);
  const ms = readDuration(fields?.['1']);
  return mark === undefined || ms === undefined ? undefined : { mark, ms };
}

function readProgress(value: unknown): Progress | undefined {
  const fields = readFields(value);
  const ms = readDuration(fields?.['ms']);
  const ageMs = readDuration(fields?.['ageMs']);
  const pauseMs = readDuration(fields?.['pauseMs']);
  if (ms === undefined || ageMs === undefined || pauseMs === undefined) return undefined;
  return { ms, ageMs, pauseMs };
}

function readOpen(value: unknown): SavedOpen | undefined {
  const fields = readFields(value);
  const fingerprint = fields?.['fingerprint'];
  const ageMs = readDuration(fields?.['ageMs']);
  const alerts = readAll(fields?.['alerts'], readHold);
  if (typeof fingerprint !== 'string' || ageMs === undefined || alerts === undefined) return undefined;
  return { fingerprint, ageMs, alerts };
}

function readHold(value: unknown): AlertHold | undefined {
  const fields = readFields(value);
  const fingerprint = fields?.['fingerprint'];
  const startsAt = readNumber(fields?.['startsAt']);
  const ageMs = readDuration(fields?.['ageMs']);
  if (typeof fingerprint !== 'string' || startsAt === undefined || ageMs === undefined) return undefined;
  return { fingerprint, startsAt, ageMs };
}
