/** Environment variables by name. Handed in, so that tests own them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process. The only place that reads it; called once, by main. */
export function processEnvironment(): Environment {
  return process.env;
}
