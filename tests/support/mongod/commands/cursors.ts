import { long, numberOf } from '../values.ts';
import { numbersOf } from './admin.ts';
import type { CommandTable } from './command.ts';

export const cursorCommands: CommandTable = {
  getMore: { run: ({ node, body }) => node.cursors.more(numberOf(body['getMore']) ?? 0, body['batchSize']) },
  killCursors: {
    run: ({ node, body }) => {
      const { killed, unknown } = node.cursors.kill(numbersOf(body['cursors']));
      return {
        cursorsKilled: killed.map(long),
        cursorsNotFound: unknown.map(long),
        cursorsAlive: [],
        cursorsUnknown: [],
      };
    },
  },
};
