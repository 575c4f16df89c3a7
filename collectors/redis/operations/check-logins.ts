import { type CheckItem, CollectError, toCollectError } from '../../../src/sdk.ts';
import type { Command, Connection } from '../connection.ts';
import { probePrefix } from './cache-test.ts';
import { actingUrl, openActing, type RedisOperationsInput, readInfo, withMembers } from './place.ts';

/** What acts need. `config|set` cannot be narrowed to single settings; Redis 7.0 and newer protect the dangerous ones by themselves. */
export const actingRules = `-@all +info +client|setname +config|set +config|get +set +get +pexpire +bgsave resetchannels resetkeys ~${probePrefix}*`;
const withMisses = '+psubscribe &__keyevent@*__:keymiss';

/** Changes nothing anywhere: access control speaks before the arguments are looked at. */
const acting: Command = ['CONFIG', 'SET', 'reeve-permission-probe', '1'];
const overwriting: Command = ['SET', 'reeve:permission-probe', '', 'REEVE-NO-SUCH-OPTION'];

/** Verifies both logins by what the servers answer to commands that cannot succeed. */
export async function checkLogins(
  input: RedisOperationsInput,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const items: CheckItem[] = [];
  const grant = grantOf(input);
  await withMembers(input, signal, async (members) => {
    for (const { name, connection, info } of members) {
      if (info.number('cluster_enabled') === 1 && input.credentials !== undefined)
        items.push(
          item(
            'advice',
            name,
            'settings of a Redis Cluster are left alone: remediation.credentials are not used',
            '',
          ),
        );
      if ((await isAllowed(connection, acting, signal)) && input.credentials !== undefined)
        items.push(
          item(
            'advice',
            name,
            'the collecting login is able to act (CONFIG SET): it should only read',
            'ACL SETUSER <login of the url> -config|set',
          ),
        );
      const given =
        input.credentials === undefined
          ? []
          : await checkActing(input, { name, runId: info.text('run_id') }, signal);
      items.push(...given);
    }
  });
  if (input.credentials === undefined)
    items.push(
      item(
        'advice',
        '',
        'there are no remediation.credentials: plans are made, and none can be applied',
        grant,
      ),
    );
  return items;
}

async function checkActing(
  input: RedisOperationsInput,
  { name, runId }: { readonly name: string; readonly runId: string | undefined },
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const grant = grantOf(input);
  let connection: Connection | undefined;
  try {
    const at = name.lastIndexOf(':');
    const address = { host: name.slice(0, at).replaceAll(/[[\]]/g, ''), port: Number(name.slice(at + 1)) };
    connection = await openActing(input, address, input.applicationName, signal);
    const found = (await readInfo(connection, signal)).text('run_id');
    const items: CheckItem[] = [];
    if (found !== runId)
      items.push(
        item(
          'blind',
          name,
          'remediation.credentials lead to another server than the url of the target',
          '-- correct one of the two',
        ),
      );
    if (!(await isAllowed(connection, acting, signal)))
      items.push(item('blind', name, 'the login that acts lacks CONFIG SET', grant));
    if (await isAllowed(connection, overwriting, signal))
      items.push(
        item('advice', name, `the login that acts may write any key: it needs only ${probePrefix}*`, grant),
      );
    return items;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const message = `the login that acts cannot be used: ${toCollectError(thrown).message}`;
    return [item('blind', name, message, grant)];
  } finally {
    connection?.close();
  }
}

async function isAllowed(connection: Connection, command: Command, signal: AbortSignal): Promise<boolean> {
  const [outcome] = await connection.pipeline([command], signal);
  return !(outcome?.error instanceof CollectError && outcome.error.code === 'denied');
}

function grantOf(input: RedisOperationsInput): string {
  const misses = input.options.cache.missSampling.enabled ? ` ${withMisses}` : '';
  return `ACL SETUSER ${nameOf(input)} on ><password> ${actingRules}${misses}`;
}

function nameOf(input: RedisOperationsInput): string {
  try {
    const name = actingUrl(input).username;
    return name === undefined || !/^[\w.-]+$/.test(name) ? 'reeve_acts' : name;
  } catch {
    // Without credentials, or with some that are no URL, nobody has a name yet.
    return 'reeve_acts';
  }
}

function item(severity: CheckItem['severity'], subject: string, message: string, remedy: string): CheckItem {
  return { severity, subject, message, remedy, groups: [] };
}
