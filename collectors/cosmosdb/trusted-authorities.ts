import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

/** Different files of certificates; more than an operator has. */
const mostContexts = 16;

/** What connections trust beside the authorities of Node.js. A context holds them all, about 1.5 MiB, so targets share it. */
export class TrustedAuthorities {
  readonly #contexts = new Map<string, SecureContext>();

  /** Those of the text, in PEM, beside the usual ones. */
  with(pem: string): SecureContext {
    const context =
      this.#contexts.get(pem) ?? createSecureContext({ ca: [...getCACertificates('default'), pem] });
    this.#contexts.set(pem, context);
    const [oldest] = this.#contexts.keys();
    if (this.#contexts.size > mostContexts && oldest !== undefined) this.#contexts.delete(oldest);
    return context;
  }
}
