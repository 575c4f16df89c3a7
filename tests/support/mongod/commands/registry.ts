import { adminCommands } from './admin.ts';
import { authenticationCommands } from './authentication.ts';
import { catalogCommands } from './catalog.ts';
import type { CommandTable } from './command.ts';
import { cursorCommands } from './cursors.ts';
import { documentCommands } from './documents.ts';
import { explainCommands } from './explain.ts';
import { helloCommands } from './hello.ts';
import { indexCommands } from './indexes.ts';
import { operationCommands } from './operations.ts';
import { replicationCommands } from './replication.ts';
import { serverStatusCommands } from './server-status.ts';
import { shardingCommands } from './sharding.ts';
import { updateCommands } from './updates.ts';
import { userCommands } from './users.ts';

/** Every command this double answers; all others are 59 CommandNotFound. */
export const commands: CommandTable = {
  ...helloCommands,
  ...authenticationCommands,
  ...adminCommands,
  ...serverStatusCommands,
  ...replicationCommands,
  ...catalogCommands,
  ...documentCommands,
  ...cursorCommands,
  ...indexCommands,
  ...operationCommands,
  ...explainCommands,
  ...shardingCommands,
  ...updateCommands,
  ...userCommands,
};
