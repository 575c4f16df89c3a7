/** `npm run demo`: real servers, named doubles of what cannot run here, a workload with stories, and Reeve watching all of it. */

import { parseArguments, usage } from './arguments.ts';
import { runDemo, textOf } from './demo.ts';
import { watchForEnding } from './ending.ts';
import { createScreen } from './screen.ts';

/** Of the time that --for gives, this much is for stopping everything. */
const stoppingMs = 3_000;

async function main(): Promise<number> {
  const parsed = parseArguments(process.argv.slice(2));
  if (parsed.kind === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (parsed.kind === 'wrong') {
    process.stderr.write(`demo: ${parsed.message}\n\n${usage}`);
    return 2;
  }
  const { forMs } = parsed.options;
  const sinceStartMs = (): number => performance.now();
  using watch = watchForEnding(forMs === undefined ? undefined : forMs - stoppingMs - sinceStartMs());
  process.stdout.on('error', () => watch.end({ kind: 'signal', name: 'a closed output' }));
  const screen = createScreen(process.stdout, process.env);
  try {
    await runDemo({
      forMs,
      screen,
      watch,
      sinceStartMs,
      // os.tmpdir() follows it, and so does everything that tests/support builds and caches.
      useTempRoot: (folder) => {
        process.env['TMPDIR'] = folder;
      },
    });
  } catch (error) {
    if (watch.signal.aborted)
      screen.say('the end came before the agent watched anything: no story could be finished');
    else watch.end({ kind: 'failure', text: textOf(error) });
  } finally {
    screen.leave();
  }
  const { ending } = watch;
  if (ending?.kind === 'failure') {
    process.stderr.write(`demo: ${ending.text}\n`);
    return 1;
  }
  screen.say(`stopped after ${(sinceStartMs() / 1000).toFixed(1)} s; nothing is left behind`);
  return 0;
}

process.exitCode = await main();
