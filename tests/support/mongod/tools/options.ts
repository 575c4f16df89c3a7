import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { docOf, textOf } from '../values.ts';

/** `--name value` and `--name=value`; a switch has an empty value. */
export function optionsOf(args: readonly string[]): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [at, arg] of args.entries()) {
    if (!arg.startsWith('--')) continue;
    const equals = arg.indexOf('=');
    const next = args[at + 1];
    if (equals > 0) options.set(arg.slice(0, equals), arg.slice(equals + 1));
    else options.set(arg, next === undefined || next.startsWith('--') ? '' : next);
  }
  return options;
}

/** What the test makes a program do wrong. */
export function faultOf(home: string, program: string): string | undefined {
  const file = join(home, 'faults.json');
  if (!existsSync(file)) return undefined;
  const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return textOf(docOf(read)[program]);
}
