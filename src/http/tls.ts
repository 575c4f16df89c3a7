import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../core/errors.ts';
import type { ClientAuth, WebTlsConfig } from '../core/ports/web-config.ts';

/** What is exchanged when a certificate is renewed. */
export function secureContextOptions(tls: WebTlsConfig): SecureContextOptions {
  return {
    cert: tls.certificate,
    key: tls.key,
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    ...(tls.clientAuthorities === undefined ? {} : { ca: tls.clientAuthorities }),
    ...(tls.ciphers === undefined ? {} : { ciphers: tls.ciphers }),
    ...(tls.curves === undefined ? {} : { ecdhCurve: tls.curves }),
  };
}

/** What is fixed when the server starts. Certificates of clients are judged by `isClientAllowed`, which knows more cases. */
export function tlsServerOptions(tls: WebTlsConfig): TlsOptions {
  return {
    ...secureContextOptions(tls),
    requestCert: tls.clientAuth !== 'NoClientCert',
    rejectUnauthorized: false,
    handshakeTimeout: 10_000,
  };
}

/** Why a certificate, key or authority cannot be used; undefined when it can. */
export function tlsProblem(tls: WebTlsConfig): string | undefined {
  try {
    createSecureContext(secureContextOptions(tls));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Whether the client showed the certificate that the configuration asks for. */
export function isClientAllowed(socket: TLSSocket, tls: WebTlsConfig): boolean {
  const certificate = socket.getPeerX509Certificate();
  const isVerified = certificate !== undefined && socket.authorized;
  const judgements: Readonly<Record<ClientAuth, () => boolean>> = {
    NoClientCert: () => true,
    RequestClientCert: () => true,
    RequireAnyClientCert: () => certificate !== undefined,
    VerifyClientCertIfGiven: () => certificate === undefined || isVerified,
    RequireAndVerifyClientCert: () => isVerified && carriesName(certificate.subjectAltName, tls.clientNames),
  };
  return judgements[tls.clientAuth]();
}

/** `names` as Node prints them: `DNS:a.example, IP Address:10.0.0.1`. */
function carriesName(names: string | undefined, allowed: readonly string[]): boolean {
  if (allowed.length === 0) return true;
  const carried = (names ?? '').split(', ').map((name) => name.slice(name.indexOf(':') + 1));
  return allowed.some((name) => carried.includes(name));
}
