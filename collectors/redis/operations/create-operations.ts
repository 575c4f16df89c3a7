import type { Operations, TargetIdentity } from '../../../src/sdk.ts';
import { redisBackups } from '../backups/backup-operations.ts';
import { adviseCommands } from './advise.ts';
import { checkLogins } from './check-logins.ts';
import { identityOf } from './identity.ts';
import { judgeSettings } from './judge-settings.ts';
import { type RedisOperationsInput, withMembers } from './place.ts';
import { raiseMaxmemory } from './raise-maxmemory.ts';
import { setEvictionPolicy } from './set-eviction-policy.ts';

/** What may be done to a Redis deployment: two settings of its memory. Everything else is explained. Connects to nothing yet. */
export function createRedisOperations(input: RedisOperationsInput): Operations {
  return {
    actions: [raiseMaxmemory(input), setEvictionPolicy(input)],
    identify: (signal) => identify(input, signal),
    check: (signal) => checkLogins(input, signal),
    judge: async (plan) => judgeSettings(plan),
    advise: async (pipeline, { evidence }) => {
      if (pipeline !== 'query_optimisation') return [];
      const advice = adviseCommands(input.snapshot());
      for (const each of advice) evidence(each);
      return advice;
    },
    backups: redisBackups(input),
    close: async () => undefined,
  };
}

async function identify(input: RedisOperationsInput, signal: AbortSignal): Promise<TargetIdentity> {
  return withMembers(input, signal, async ([first]) => (first === undefined ? {} : identityOf(first.info)));
}
