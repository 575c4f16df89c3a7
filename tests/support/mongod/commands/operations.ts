import { failure } from '../errors.ts';
import type { Doc } from '../values.ts';
import type { Call, CommandTable } from './command.ts';

/** The command beside `$currentOp`: the only one that says whether fsyncLock holds back writes. */
export const operationCommands: CommandTable = {
  currentOp: { only: 'mongod', run: currentOp },
};

/**
 * Knows the answer to a filter that nothing matches.
 *
 * @see https://www.mongodb.com/docs/manual/reference/command/currentOp/
 */
function currentOp({ node, body }: Call): Doc {
  if (body['$ownOps'] !== true)
    throw failure('Unauthorized', 'this double answers currentOp for own operations only');
  const isLocked = node.role.kind === 'mongod' && node.role.member.writesLocked;
  return {
    inprog: [],
    ...(isLocked && {
      fsyncLock: true,
      info: 'use db.fsyncUnlock() to terminate the fsync write/snapshot lock',
    }),
  };
}
