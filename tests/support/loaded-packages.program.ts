/** Preloaded by `--import`: writes the name of every package that a process loads to the file in LOADED_PACKAGES, one a line. */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const file = process.env['LOADED_PACKAGES'];
const seen = new Set<string>();
registerHooks({
  load(url, context, nextLoad) {
    // The innermost folder counts: packages may hold packages.
    const name = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
    if (file !== undefined && name !== undefined && !seen.has(name)) {
      seen.add(name);
      appendFileSync(file, `${name}\n`);
    }
    return nextLoad(url, context);
  },
});
