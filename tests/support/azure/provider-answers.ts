import type { AccountModel } from './account-model.ts';
import type { HttpAnswer } from './http-faults.ts';

/** A database or container as Resource Manager names it. */
export function renderChild(account: AccountModel, rest: string, name: string) {
  return {
    id: `${account.resourceId}/${rest}`,
    type: `Microsoft.DocumentDB/databaseAccounts/${rest
      .split('/')
      .filter((_, index) => index % 2 === 0)
      .join('/')}`,
    name,
    properties: {
      resource: { id: name, _rid: Buffer.from(rest).toString('base64').slice(0, 12), _ts: 1_760_000_000 },
    },
  };
}

/** Errors of the resource provider itself; those of Resource Manager are wrapped in `error`. */
export function flat(status: number, code: string, message: string): HttpAnswer {
  return { status, body: { code, message } };
}
