/** What the operator's settings allow, now. Pure. */

import type { PlanCaps } from '../core/remediation/plan.ts';
import type {
  MaintenanceWindow,
  PipelineId,
  RemediationMode,
  RemediationPolicy,
  TargetRemediation,
} from '../core/remediation/settings.ts';
import { weekdays } from '../core/remediation/settings.ts';
import type { Target } from '../core/target.ts';
import type { Pipeline } from './pipeline.ts';

/** The mode of one action on one target: what is said of the action, of its pipeline, of the target, in this order. */
export function modeOf(
  { mode, pipelines, actions }: TargetRemediation,
  pipeline: PipelineId,
  action: string | undefined,
): RemediationMode {
  const own = action === undefined || !Object.hasOwn(actions, action) ? undefined : actions[action];
  return own ?? pipelines[pipeline] ?? mode;
}

/** The limits a plan of this pipeline is made under. */
export function capsOf(policy: RemediationPolicy, pipeline: Pick<Pipeline, 'soakMs'> | undefined): PlanCaps {
  const { largestObjectBytes, lockTimeoutMs, changesPerDay } = policy;
  const soakMs = soakOf(policy, pipeline).ms;
  return { largestObjectBytes: largestObjectBytes ?? null, lockTimeoutMs, soakMs, changesPerDay };
}

const usualSoakMs = 7 * 86_400_000;

/** How long a change is watched, and how long is usual; both in milliseconds. What a pipeline says of its own is usual there. */
export function soakOf(
  policy: RemediationPolicy,
  pipeline: Pick<Pipeline, 'soakMs'> | undefined,
): { readonly ms: number; readonly usualMs: number } {
  const own = pipeline?.soakMs?.(policy);
  return own === undefined ? { ms: policy.soakMs, usualMs: usualSoakMs } : { ms: own, usualMs: own };
}

export interface WindowState {
  readonly open: boolean;
  /** Name of the window that is open, or opens next. */
  readonly window: string | undefined;
  /** When the next one opens, Unix time in milliseconds; undefined while one is open, and where none is within eight days. */
  readonly nextAt: number | undefined;
}

const minuteMs = 60_000;
const searchedMinutes = 8 * 24 * 60;

/**
 * Whether changes may be made to a target now. Without any window they may at all times; with windows, only in those that match the
 * target: one that no window matches is never changed.
 */
export function openWindow(
  windows: readonly MaintenanceWindow[],
  target: Pick<Target, 'id' | 'engine' | 'labels'>,
  now: number,
): WindowState {
  if (windows.length === 0) return { open: true, window: undefined, nextAt: undefined };
  const matching = windows.filter(({ match }) => isMatch(match, target)).map(createWindowClock);
  const current = matching.find((window) => window.isOpen(now));
  if (current !== undefined) return { open: true, window: current.name, nextAt: undefined };
  const firstMinute = Math.floor(now / minuteMs) + 1;
  for (let minute = 0; minute < searchedMinutes; minute += 1) {
    const at = (firstMinute + minute) * minuteMs;
    const next = matching.find((window) => window.isOpen(at));
    if (next !== undefined) return { open: false, window: next.name, nextAt: at };
  }
  return { open: false, window: undefined, nextAt: undefined };
}

function isMatch(
  match: MaintenanceWindow['match'],
  { id, engine, labels }: Pick<Target, 'id' | 'engine' | 'labels'>,
): boolean {
  const all: Readonly<Record<string, string>> = { ...labels, target: id, engine };
  return Object.entries(match).every(([name, value]) => Object.hasOwn(all, name) && all[name] === value);
}

interface WindowClock {
  readonly name: string;
  readonly isOpen: (at: number) => boolean;
}

/** By the clock on the wall of the window's time zone, so that a change of daylight saving time moves nothing. */
function createWindowClock({ name, days, from, to, timeZone }: MaintenanceWindow): WindowClock {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const begin = minutesOf(from);
  const end = minutesOf(to);
  const begins = (day: number): boolean => days.some((each) => weekdays.indexOf(each) === day);
  const isOpen = (at: number): boolean => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const day = weekdays.findIndex((each) => each === parts.get('weekday')?.toLowerCase());
    const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
    if (begin < end) return begins(day) && minute >= begin && minute < end;
    return (begins(day) && minute >= begin) || (begins((day + 6) % 7) && minute < end);
  };
  return { name, isOpen };
}

function minutesOf(timeOfDay: string): number {
  const [hours = '0', minutes = '0'] = timeOfDay.split(':');
  return Number(hours) * 60 + Number(minutes);
}
