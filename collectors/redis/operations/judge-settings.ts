import type { Act, PlanDraft, Refusal } from '../../../src/sdk.ts';
import { betterPolicies } from './set-eviction-policy.ts';
import { parseSetCommand } from './setting-facts.ts';

/** Statements are two: maxmemory upwards, and a policy under which every key can be evicted. Everything else is refused. */
export function judgeSettings({ acts }: PlanDraft): readonly Refusal[] {
  return acts.flatMap((act) => {
    const fault = faultOf(act);
    return fault === undefined ? [] : [{ id: 'setting_allowed', text: `${act.id}: ${fault}` }];
  });
}

function faultOf({ statement, undo }: Act): string | undefined {
  const words = parseSetCommand(statement);
  const [first, ...more] = undo;
  const back = first === undefined ? undefined : parseSetCommand(first);
  if (words === undefined) return `not a statement of Reeve's: ${statement}`;
  if (back === undefined || more.length > 0 || back.setting !== words.setting)
    return `the undo does not put back ${words.setting}`;
  if (words.setting === 'maxmemory-policy')
    return betterPolicies[back.value] === words.value
      ? undefined
      : `${back.value} is not changed to ${words.value} by Reeve`;
  const isUpwards =
    /^\d+$/.test(words.value) && Number(words.value) > Number(back.value) && Number(back.value) > 0;
  return isUpwards ? undefined : 'maxmemory is only ever raised: lowering it evicts keys, and 0 has no limit';
}
