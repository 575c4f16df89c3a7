import type { Candidate, FindRequest, OperationContext, Plan, Refusal } from '../../../src/sdk.ts';
import type { CacheStudy } from './cache-study.ts';
import type { RedisOperationsInput } from './place.ts';
import { readSettingFacts, type Setting, valueOf } from './setting-facts.ts';
import { obstacles, readScene, type Scene } from './setting-scene.ts';

interface Search {
  readonly setting: Setting;
  readonly against: (scene: Scene) => readonly Refusal[];
  readonly candidate: (scene: Scene) => Candidate | undefined;
}

/** The one candidate, or the reasons against it as evidence. */
export async function candidatesOf(
  { input, study }: { readonly input: RedisOperationsInput; readonly study: CacheStudy },
  request: FindRequest,
  context: OperationContext,
  { setting, against, candidate }: Search,
): Promise<readonly Candidate[]> {
  const scene = await readScene(input, context.signal);
  for (const each of await study.of(context)) context.evidence(each);
  const reasons = [...obstacles(scene, input, setting), ...against(scene)];
  if (reasons.length > 0) {
    const title = `${setting} stays as it is: ${reasons[0]?.text ?? ''}`;
    context.evidence({ kind: 'precheck', title, body: { reasons: reasons.map((each) => ({ ...each })) } });
    return [];
  }
  const found = candidate(scene);
  const isWanted = found !== undefined && (request.only === undefined || request.only === found.subject);
  return isWanted ? [found] : [];
}

/** What holds of every setting right before an act: nobody changed it since, and it is the same deployment in the same roles. */
export async function keptChecks(
  input: RedisOperationsInput,
  plan: Plan,
  { signal }: OperationContext,
): Promise<{ readonly scene: Scene; readonly refusals: readonly Refusal[] }> {
  const scene = await readScene(input, signal);
  const { setting, members } = readSettingFacts(plan);
  const planned = new Map(members.map((member) => [member.name, member]));
  const refusals: Refusal[] = obstacles(scene, input, setting).filter(({ id }) => id !== 'members_alike');
  const names = scene.members.map(({ member }) => member.name);
  const differ = [...planned.keys()].filter((name) => !names.includes(name));
  if (differ.length > 0 || names.length !== planned.size)
    refusals.push({
      id: 'members_unchanged',
      text: `the servers of the deployment are ${names.join(', ')} now, and were ${[...planned.keys()].join(', ')}`,
    });
  for (const { member } of scene.members) {
    const facts = planned.get(member.name);
    const value = valueOf(member.info, setting) ?? 'not known';
    // What an earlier act of this plan has set is as it should be.
    if (facts !== undefined && value !== facts.from && value !== facts.to)
      refusals.push({
        id: 'value_unchanged',
        text: `${setting} of ${member.name} is ${value} now, and was ${facts.from}: somebody else changed it`,
      });
    if (facts !== undefined && member.info.text('role') !== facts.role)
      refusals.push({
        id: 'role_unchanged',
        text: `${member.name} has another role than when it was planned`,
      });
  }
  return { scene, refusals };
}
