import { z } from 'zod';
import type { Act, JsonObject, PlanDraft } from '../../../src/sdk.ts';
import type { Info } from '../info.ts';

/** Settings that acts change, and where INFO shows them. */
export const settingFields = { maxmemory: 'maxmemory', 'maxmemory-policy': 'maxmemory_policy' } as const;
export type Setting = keyof typeof settingFields;

/** One server of a plan: what it was when it was planned, and what it is to become. */
const memberFacts = z.strictObject({
  act: z.string(),
  name: z.string(),
  host: z.string(),
  port: z.number(),
  runId: z.string(),
  role: z.string(),
  from: z.string(),
  to: z.string(),
});
const settingFacts = z.looseObject({
  setting: z.enum(['maxmemory', 'maxmemory-policy']),
  members: z.array(memberFacts).min(1),
});

export type MemberFacts = z.infer<typeof memberFacts>;
export type SettingFacts = z.infer<typeof settingFacts>;

export function readSettingFacts({ facts }: Pick<PlanDraft, 'facts'>): SettingFacts {
  return settingFacts.parse(facts);
}

/** Which server an act is about. */
export function memberOf(plan: PlanDraft, { id }: Act): MemberFacts & { readonly setting: Setting } {
  const { setting, members } = readSettingFacts(plan);
  const member = members.find(({ act }) => act === id);
  if (member === undefined) throw new Error(`the plan holds no server for act ${id}`);
  return { ...member, setting };
}

/** The value in force; undefined where the server does not say. */
export function valueOf(info: Info, setting: Setting): string | undefined {
  return info.text(settingFields[setting]);
}

export function setCommand(setting: Setting, value: string): string {
  return `CONFIG SET ${setting} ${value}`;
}

/** The words of a statement of ours; undefined for anything else. */
export function parseSetCommand(
  statement: string,
): { readonly setting: Setting; readonly value: string } | undefined {
  const match = /^CONFIG SET (maxmemory|maxmemory-policy) ([a-z0-9-]+)$/.exec(statement);
  const [, name, value] = match ?? [];
  if (value === undefined) return undefined;
  return { setting: name === 'maxmemory' ? 'maxmemory' : 'maxmemory-policy', value };
}

export function asFacts(facts: SettingFacts): JsonObject {
  const { setting, members } = facts;
  return { setting, members: members.map((member) => ({ ...member })) };
}
