import type { CounterReading, OperationContext, PlanDraft } from '../../../src/sdk.ts';
import { type Info, parseFields, toNumber } from '../info.ts';
import { type RedisOperationsInput, withMember } from './place.ts';
import { readSettingFacts } from './setting-facts.ts';

/** Commands with a series of their own: those that are called most. */
const mostCommands = 10;
/** What Reeve and operators send, not the application. */
const notWork = new Set([
  'info',
  'ping',
  'auth',
  'hello',
  'client',
  'config',
  'command',
  'replconf',
  'psync',
]);
/** Name of the series whose mean is the share of misses. */
export const missSeries = 'share of lookups that miss';

/** Time of each command, and misses among lookups, on the primary of a plan; by the collecting login. */
export async function cacheCounters(
  input: RedisOperationsInput,
  plan: PlanDraft,
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<CounterReading> {
  const { members } = readSettingFacts(plan);
  const primary = members.find(({ role }) => role === 'master');
  if (primary === undefined) return { at: input.clock.now(), epoch: '', series: {} };
  return withMember(input, primary, signal, async ({ info }) => ({
    at: input.clock.now(),
    epoch: info.text('run_id') ?? '',
    series: { ...commandSeries(info), ...missesOf(info) },
  }));
}

function missesOf(info: Info): CounterReading['series'] {
  const hits = info.number('keyspace_hits');
  const misses = info.number('keyspace_misses');
  if (hits === undefined || misses === undefined) return {};
  return { [missSeries]: { sum: misses, count: hits + misses, unit: 'share' } };
}

function commandSeries(info: Info): CounterReading['series'] {
  const commands = [...info.list('commandstats')].flatMap(([field, text]) => {
    const name = field.replace(/^cmdstat_/, '');
    const fields = parseFields(text);
    const calls = toNumber(fields.get('calls'));
    const usec = toNumber(fields.get('usec'));
    if (calls === undefined || usec === undefined || notWork.has(name.split('|')[0] ?? '')) return [];
    return [{ name, calls, seconds: usec / 1e6 }];
  });
  const most = commands.toSorted((one, other) => other.calls - one.calls).slice(0, mostCommands);
  return Object.fromEntries(
    most.map(({ name, calls, seconds }) => [name.toUpperCase(), { sum: seconds, count: calls }]),
  );
}
