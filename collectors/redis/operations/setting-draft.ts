import type { PlanDraft, TargetIdentity } from '../../../src/sdk.ts';
import { identityOf } from './identity.ts';
import type { RedisOperationsInput } from './place.ts';
import { asFacts, type MemberFacts, type Setting, setCommand } from './setting-facts.ts';
import type { Scene } from './setting-scene.ts';

/** What differs from one setting to the other. */
export interface Composed {
  readonly action: string;
  readonly setting: Setting;
  readonly from: string;
  readonly to: string;
  readonly title: string;
  /** What is added or becomes evictable. */
  readonly bytes: number;
  readonly cost: string;
  readonly expects: string;
  readonly warnings: readonly string[];
  readonly preconditions: PlanDraft['preconditions'];
}

/** One act a server: replicas first, so that none that takes over is smaller than its primary was. */
export function draftSetting(
  input: RedisOperationsInput,
  { members, primary }: Scene,
  composed: Composed,
): PlanDraft {
  const { setting, from, to } = composed;
  const order = [...members.filter((each) => each !== primary), primary];
  const facts = order.map(
    ({ member }, index): MemberFacts => ({
      act: order.length === 1 ? 'set' : `set-${index + 1}`,
      name: member.name,
      host: member.address.host,
      port: member.address.port,
      runId: member.info.text('run_id') ?? '',
      role: member.info.text('role') ?? '',
      from,
      to,
    }),
  );
  const identity: TargetIdentity = identityOf(primary.member.info);
  return {
    target: input.target.id,
    engine: 'redis',
    pipeline: 'cache',
    action: composed.action,
    identity,
    subject: primary.member.name,
    title: composed.title,
    acts: facts.map(({ act, name }) => ({
      id: act,
      summary: `set ${setting} of ${name} from ${from} to ${to}`,
      statement: setCommand(setting, to),
      undo: [setCommand(setting, from)],
      undoKind: 'immediate',
      locks: 'none; in force at once',
    })),
    preconditions: [
      { id: 'value_unchanged', text: `${setting} is still ${from} on every server` },
      ...composed.preconditions,
    ],
    blastRadius: {
      objects: facts.map(({ name }) => name),
      bytes: composed.bytes,
      locks: [],
      estimatedMs: 1_000,
    },
    cost: composed.cost,
    expectation: { kind: 'in_force', byAtLeast: 0, text: composed.expects },
    exclusive: ['memory'],
    warnings: [...composed.warnings, ...commonWarnings(input, { members, primary, window: undefined })],
    facts: asFacts({ setting, members: facts }),
  };
}

function commonWarnings({ target }: RedisOperationsInput, { members, primary }: Scene): readonly string[] {
  const replicas = primary.member.info.number('connected_slaves') ?? 0;
  const others = replicas - (members.length - 1);
  return [
    'CONFIG REWRITE is not done: a restart forgets it; when it is kept, put it into redis.conf',
    ...(others > 0
      ? [
          `${others} of its replicas are not members of target ${target.id} and keep their old value: set them too, or a failover brings it back`,
        ]
      : []),
  ];
}
