import { resolve } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { makeDirectory } from './sqlite/database.ts';
import { lockStore } from './sqlite/lock.ts';
import { StoreError } from './store-error.ts';

/**
 * The folder of an agent whose store is on a server: its control socket lies there, so it is made where it is missing and locked, as the
 * embedded store's would be.
 *
 * @throws {StoreError} `locked` when another agent has it; `unusable` when it cannot be made.
 */
export function lockAgentFolder(path: string): Disposable {
  const directory = resolve(path);
  try {
    makeDirectory(directory);
    const lock = lockStore(directory);
    return { [Symbol.dispose]: () => lock.release() };
  } catch (thrown) {
    if (thrown instanceof StoreError && thrown.code === 'locked')
      throw new StoreError(
        'locked',
        `the folder ${directory} belongs to another Reeve on this machine: its control socket lies there. Give this one another store.path; ` +
          'what they share is at store.url',
        { cause: thrown },
      );
    throw new StoreError(
      'unusable',
      `the folder ${directory} cannot be used: ${messageOf(thrown)}; store.path must be a folder that this user may write, for the control ` +
        'socket, also with store.url',
      { cause: thrown },
    );
  }
}
