import type { EvidenceDraft, OperationContext, Operations, TargetIdentity } from '../../../src/sdk.ts';
import { redisBackups } from '../backups/backup-operations.ts';
import { adviseCommands } from './advise.ts';
import { CacheStudy } from './cache-study.ts';
import { checkLogins } from './check-logins.ts';
import { adviseGrowth } from './growth-advice.ts';
import { identityOf } from './identity.ts';
import { judgeSettings } from './judge-settings.ts';
import { type RedisOperationsInput, withMembers } from './place.ts';
import { raiseMaxmemory } from './raise-maxmemory.ts';
import { setEvictionPolicy } from './set-eviction-policy.ts';

/** What may be done to a Redis deployment: two settings of its memory. Everything else is explained. Connects to nothing yet. */
export function createRedisOperations(input: RedisOperationsInput): Operations {
  const study = new CacheStudy(input);
  return {
    actions: [raiseMaxmemory(input, study), setEvictionPolicy(input, study)],
    identify: (signal) => identify(input, signal),
    check: (signal) => checkLogins(input, signal),
    judge: async (plan) => judgeSettings(plan),
    advise: async (pipeline, context) => {
      const advice = await adviceOf(pipeline, { input, study, context });
      for (const each of advice) context.evidence(each);
      return advice;
    },
    backups: redisBackups(input),
    close: async () => undefined,
  };
}

interface Asked {
  readonly input: RedisOperationsInput;
  readonly study: CacheStudy;
  readonly context: OperationContext;
}

async function adviceOf(
  pipeline: Parameters<NonNullable<Operations['advise']>>[0],
  { input, study, context }: Asked,
): Promise<readonly EvidenceDraft[]> {
  switch (pipeline) {
    case 'query_optimisation':
      return adviseCommands(input.snapshot());
    case 'cache':
      return (await study.of(context)).filter(({ kind }) => kind === 'advice');
    case 'storage_growth':
      return adviseGrowth(input, context);
    default:
      return [];
  }
}

async function identify(input: RedisOperationsInput, signal: AbortSignal): Promise<TargetIdentity> {
  return withMembers(input, signal, async ([first]) => (first === undefined ? {} : identityOf(first.info)));
}
