/**
 * A value that must not be shown. Printing, logging, serialising or inspecting it gives `[secret]`; only `reveal()`, called where
 * a driver needs it, gives the value.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}

/** Replaces secrets in text that is about to leave the process. */
export type Redact = (text: string) => string;

/** The shortest text that is treated as a secret: replacing shorter ones would garble every message. */
const shortestSecret = 4;

/**
 * A redactor for these secret values, in plain and URL-encoded form. The password inside a connection URL should be given too,
 * on its own: drivers quote parts.
 */
export function createRedact(secrets: Iterable<string>): Redact {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue;
    forms.add(secret);
    forms.add(encodeURIComponent(secret));
    forms.add(JSON.stringify(secret).slice(1, -1));
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((rest, form) => rest.replaceAll(form, '[secret]'), text);
}

/** Secrets that are met at run time, such as tokens: the latest ones, because tokens are renewed for as long as the agent runs. */
export class MetSecrets {
  readonly #latest = new Set<string>();
  #redact: Redact = (text) => text;

  add(secret: string): void {
    if (this.#latest.delete(secret)) {
      this.#latest.add(secret);
      return;
    }
    this.#latest.add(secret);
    const [oldest] = this.#latest;
    if (this.#latest.size > mostMetSecrets && oldest !== undefined) this.#latest.delete(oldest);
    this.#redact = createRedact(this.#latest);
  }

  redact(text: string): string {
    return this.#redact(text);
  }
}

const mostMetSecrets = 1_000;
