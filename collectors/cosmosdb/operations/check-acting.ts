import { z } from 'zod';
import { type CheckItem, type CollectError, toCollectError } from '../../../src/sdk.ts';
import type { ArmClient } from '../arm-client.ts';
import { provider } from '../grants.ts';
import type { Access } from './access.ts';
import { actingGrantsFor } from './acting-grants.ts';

/** What the first change needs; the role that is given brings the rest. */
const needed = [
  `${provider}/read`,
  `${provider}/sqlDatabases/containers/throughputSettings/read`,
  `${provider}/sqlDatabases/containers/throughputSettings/write`,
] as const;
/** What neither login has a use for. */
const dangerous = [
  `${provider}/delete`,
  `${provider}/listKeys/action`,
  `${provider}/sqlDatabases/delete`,
  `${provider}/sqlDatabases/containers/delete`,
  'Microsoft.Authorization/roleAssignments/write',
] as const;
/** What the collecting login must not be able to. */
const changing = [
  `${provider}/sqlDatabases/throughputSettings/write`,
  `${provider}/sqlDatabases/containers/throughputSettings/write`,
  `${provider}/sqlDatabases/containers/write`,
  ...dangerous,
];

/** Verifies both logins by what Azure says they may do. Changes nothing. */
export async function checkActing(access: Access, signal: AbortSignal): Promise<readonly CheckItem[]> {
  const collecting = await checkCollecting(access, signal);
  const grants = `# the first once in a subscription, the second for each account\n${actingGrantsFor(access.account).join('\n')}`;
  if (access.input.credentials === undefined)
    return [
      ...collecting,
      item(
        'advice',
        'there are no remediation.credentials: plans are made, and none can be applied',
        `# then put its tenant, clientId and secret as JSON into remediation.credentials\n${grants}`,
      ),
    ];
  try {
    const { arm } = access.acting();
    const here = await access.look(signal, arm);
    const planned = await access.look(signal);
    if (JSON.stringify(here.identity) !== JSON.stringify(planned.identity))
      return [
        ...collecting,
        item('blind', 'remediation.credentials lead to another account than the target', grants),
      ];
    return [...collecting, ...(await judgeActing(arm, access, grants, signal))];
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const message = `the login that acts cannot be used: ${toCollectError(thrown).message}`;
    return [...collecting, item('blind', message, grants)];
  }
}

async function checkCollecting(access: Access, signal: AbortSignal): Promise<readonly CheckItem[]> {
  const held = await permissionsOf(access.reading(), signal);
  if (held instanceof Error) return [unknown('the collecting login', held)];
  const more = changing.filter((action) => held(action));
  return more.length === 0
    ? []
    : [
        item(
          'advice',
          `the collecting login is able to act (${more.join(', ')}): it should only read`,
          '# give the target an identity with the role of `reeve grants cosmosdb` only, and remediation.credentials the one that acts',
        ),
      ];
}

async function judgeActing(
  arm: ArmClient,
  access: Access,
  grants: string,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const held = await permissionsOf(arm, signal);
  if (held instanceof Error) return [unknown('the login that acts', held)];
  const missing = needed.filter((action) => !held(action));
  const more = dangerous.filter((action) => held(action));
  const name = access.account.name;
  return [
    ...(missing.length === 0
      ? []
      : [item('blind', `the login that acts lacks ${missing.join(', ')} on ${name}`, grants)]),
    ...(more.length === 0
      ? []
      : [
          item(
            'advice',
            `the login that acts may do more than its actions need (${more.join(', ')})`,
            `# a login of its own\n${grants}`,
          ),
        ]),
  ];
}

const permissionsSchema = z.looseObject({
  value: z.array(
    z.looseObject({ actions: z.array(z.string()).nullish(), notActions: z.array(z.string()).nullish() }),
  ),
});

/** Whether a login may do something: one of its roles allows it, and the same one does not take it back. */
async function permissionsOf(
  arm: ArmClient,
  signal: AbortSignal,
): Promise<((action: string) => boolean) | CollectError> {
  try {
    const answer = await arm.get(
      {
        path: '/providers/Microsoft.Authorization/permissions',
        query: { 'api-version': '2022-04-01' },
        what: 'permissions of this login',
        urgency: 'essential',
      },
      signal,
    );
    const { value } = permissionsSchema.parse(answer);
    return (action) =>
      value.some(
        ({ actions, notActions }) =>
          (actions ?? []).some((each) => covers(each, action)) &&
          !(notActions ?? []).some((each) => covers(each, action)),
      );
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return toCollectError(thrown);
  }
}

/** `Microsoft.DocumentDB/*` covers all that begins so. */
function covers(pattern: string, action: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const text = action.toLowerCase();
  if (parts.length === 1) return text === parts[0];
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const found = text.indexOf(part, at);
    if (found < 0 || (index === 0 && found !== 0)) return false;
    at = found + part.length;
  }
  return parts.at(-1) === '' || text.endsWith(parts.at(-1) ?? '');
}

function unknown(who: string, { message }: CollectError): CheckItem {
  return item(
    'advice',
    `what ${who} may do is not known: ${message}`,
    '# its role needs Microsoft.Authorization/permissions/read',
  );
}

function item(severity: CheckItem['severity'], message: string, remedy: string): CheckItem {
  return { severity, subject: '', message, remedy, groups: [] };
}
