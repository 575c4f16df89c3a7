import { type Account, runTool } from './run-tool.ts';

/** What stands before a command so that it runs as this account in a network of its own, which leads nowhere. */
export type Wrapping = readonly string[];

/**
 * A way to start a server that can reach nobody, whatever its functions try; Unix sockets still work. Undefined where the agent may not
 * do so: not root, not Linux, or in a container without the right.
 */
export async function withoutNetwork(
  account: Account | undefined,
  signal: AbortSignal,
): Promise<Wrapping | undefined> {
  if (account === undefined) return undefined;
  const { uid, gid } = account;
  const args = ['--net', '--', 'setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'];
  const tried = await runTool({ program: 'unshare', args: [...args, 'true'], cwd: '/', signal }).catch(
    () => undefined,
  );
  signal.throwIfAborted();
  return tried?.code === 0 ? ['unshare', ...args] : undefined;
}
