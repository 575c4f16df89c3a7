/** Environment variables by name. Handed in, so that tests own them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process as it was at the start. Called once, by main. */
export function processEnvironment(): Environment {
  return { ...process.env };
}

const programVariables = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

/** What a program that Reeve starts is given of it: secrets that the configuration refers to are not for it. */
export function programEnvironment(env: Environment = process.env): Readonly<Record<string, string>> {
  return Object.fromEntries(
    programVariables.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * Takes the variables away by which the OpenTelemetry SDK would be configured behind the back of the configuration, and returns their
 * names in order. To be called before the SDK is loaded; secrets that refer to such a variable are found all the same.
 */
export function withoutOtelVariables(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  const names = Object.keys(env).filter((name) => name.startsWith('OTEL_'));
  for (const name of names) Reflect.deleteProperty(env, name);
  return names.sort();
}
