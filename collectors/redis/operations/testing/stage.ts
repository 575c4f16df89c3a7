import {
  createStage,
  type Stage,
  type StageOptions,
  stageUsers,
} from '../../../../tests/support/redis/stage.ts';
import { serverRules } from '../../grants.ts';
import { engine } from '../../index.ts';
import { actingRules } from '../check-logins.ts';

export { asPlan, firstAct, type Stage } from '../../../../tests/support/redis/stage.ts';

/** For `startRedis`: the logins of a stage. */
export const users = stageUsers(serverRules, actingRules);

/** Operations on a server whose `users` are these, configured as an operator would. */
export function setStage(
  server: StageOptions['server'],
  options: Omit<StageOptions, 'engine' | 'server'> = {},
): Promise<Stage> {
  return createStage({ engine, server, ...options });
}
