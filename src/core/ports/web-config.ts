import type { ConfigProblem } from '../errors.ts';

/** How clients prove who they are, in the words of Go and of Prometheus' exporter-toolkit. */
export const clientAuthTypes = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;
export type ClientAuth = (typeof clientAuthTypes)[number];
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface WebTlsConfig {
  /** PEM, the chain included. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  readonly clientAuthorities: string | undefined;
  readonly clientAuth: ClientAuth;
  /** Names a client certificate may carry; empty when any name will do. */
  readonly clientNames: readonly string[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** OpenSSL names, joined by colons; undefined for Node's own choice. */
  readonly ciphers: string | undefined;
  readonly curves: string | undefined;
}

/** TLS and basic authentication of a listener. */
export interface WebConfig {
  readonly tls: WebTlsConfig | undefined;
  /** Response headers on every answer, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** bcrypt hash by user name; empty when everybody may read. */
  readonly users: ReadonlyMap<string, string>;
}

/** What reading the web configuration came to; with problems there is no configuration. */
export interface WebConfigReading {
  /** The file and every file it names, missing ones too: a change of one is a change of the configuration. */
  readonly files: readonly string[];
  readonly config: WebConfig | undefined;
  /** Never hold text of the file: it may be a hash of a password. */
  readonly problems: readonly ConfigProblem[];
}

/** Reads the web configuration of a listener anew. */
export interface WebConfigSource {
  /** For messages. */
  readonly path: string;
  read(): WebConfigReading;
}
