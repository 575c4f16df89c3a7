import { type CheckItem, messageOf } from '../../../../src/sdk.ts';
import type { Chain } from './chain.ts';
import { type BackupSettings, toolPlaces } from './list.ts';
import { repositoryOf } from './repositories.ts';
import { findOtherTool, findTool, type ServerTool } from './tools.ts';

/** What drills of a chain start, beside another project's tool. */
const serverTools: Readonly<Record<Chain['kind'], readonly ServerTool[]>> = {
  pg_dump: ['postgres', 'initdb', 'pg_restore'],
  base_backup: ['postgres'],
  pgbackrest: ['postgres'],
  wal_g: ['postgres'],
  barman: ['postgres'],
};

/** What this machine lacks for drills of the configured chains, on a server of this version. */
export async function checkBackupTools(
  settings: BackupSettings,
  major: number,
  signal: AbortSignal,
): Promise<readonly CheckItem[]> {
  const items: CheckItem[] = [];
  for (const [name, chain] of Object.entries(settings.backups)) {
    const missing = await missingTool(settings, chain, major, signal);
    if (missing === undefined) continue;
    items.push({
      severity: 'advice',
      subject: name,
      message: `Backups of chain ${name} cannot be proven by a restore drill here.`,
      remedy: `-- ${missing}`,
      groups: [],
    });
  }
  return items;
}

async function missingTool(
  settings: BackupSettings,
  chain: Chain,
  major: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const places = toolPlaces(settings);
  try {
    for (const name of serverTools[chain.kind]) {
      const version = name === 'pg_restore' ? 'at_least' : 'exact';
      await findTool(places, { name, major, version, signal });
    }
    if (chain.kind !== 'pg_dump' && chain.kind !== 'base_backup') {
      await findOtherTool(places, repositoryOf(chain).tool);
    }
    return undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    return messageOf(thrown);
  }
}
