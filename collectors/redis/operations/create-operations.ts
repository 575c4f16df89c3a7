import {
  type CheckItem,
  CollectError,
  type Operations,
  type OperationsInput,
  type TargetIdentity,
} from '../../../src/sdk.ts';
import { topologyOf } from '../collector.ts';
import type { RedisOptions } from '../config.ts';
import { parseInfo } from '../info.ts';
import { targetConnect } from '../target-connect.ts';
import { parseRedisUrl } from '../url.ts';
import { adviseCommands } from './advise.ts';

const timeLimitMs = 4_000;

/** Redis is advised and never changed: what would mend a slow command is in the application. Connects to nothing yet. */
export function createRedisOperations(input: OperationsInput<RedisOptions>): Operations {
  return {
    actions: [],
    identify: (signal) => identify(input, signal),
    check: async () => check(input),
    advise: async (pipeline, { evidence }) => {
      if (pipeline !== 'query_optimisation') return [];
      const advice = adviseCommands(input.snapshot());
      for (const each of advice) evidence(each);
      return advice;
    },
    close: async () => undefined,
  };
}

async function identify(
  { options, applicationName }: OperationsInput<RedisOptions>,
  signal: AbortSignal,
): Promise<TargetIdentity> {
  const url = options.url === undefined ? undefined : parseRedisUrl(options.url);
  const connect = targetConnect(options, url, { connectionName: applicationName, timeLimitMs });
  const topology = topologyOf(options, url?.address, connect);
  try {
    const [address] = (await topology.discover(signal)).nodes;
    if (address === undefined) throw new CollectError('unreachable', 'no server is known');
    const connection = await connect(address, 'server', signal);
    try {
      const info = parseInfo(String(await connection.call(['INFO', 'all'], signal)));
      const fields = { runId: 'run_id', role: 'role', version: 'redis_version' } as const;
      return Object.fromEntries(
        Object.entries(fields).map(([name, field]) => [name, info.text(field) ?? 'unknown']),
      );
    } finally {
      connection.close();
    }
  } finally {
    topology.close();
  }
}

function check({ credentials }: OperationsInput<RedisOptions>): readonly CheckItem[] {
  if (credentials === undefined) return [];
  return [
    {
      severity: 'advice',
      subject: '',
      message:
        'remediation.credentials are never used: nothing is ever changed on Redis, slow commands are explained',
      remedy: '# take remediation.credentials out of this target',
      groups: [],
    },
  ];
}
