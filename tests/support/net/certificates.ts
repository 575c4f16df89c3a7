import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A throwaway certificate authority of a test or of the demo. Written with node:crypto alone: nothing has to be installed. */
export interface Authority {
  /** PEM of its own certificate: what a client has to trust. */
  readonly ca: string;
  /** A certificate for `localhost` and 127.0.0.1, signed by it. */
  issue(validity?: Validity): ServerCertificate;
}

/** Unix times in milliseconds. Default: from yesterday to the day after tomorrow. A `toMs` in the past is an expired certificate. */
export interface Validity {
  readonly fromMs?: number;
  readonly toMs?: number;
}

export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;

export function createAuthority(name = 'Reeve test authority (double)'): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const ca = certificate({
    issuer: name,
    subject: name,
    publicKey,
    signer: privateKey,
    fromMs: now - 30 * DAY_MS,
    toMs: now + 30 * DAY_MS,
    extensions: [BASIC_CONSTRAINTS_CA],
  });
  const issue = ({ fromMs = now - DAY_MS, toMs = now + 2 * DAY_MS }: Validity = {}): ServerCertificate => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = certificate({
      issuer: name,
      subject: 'double.localhost',
      publicKey: pair.publicKey,
      signer: privateKey,
      fromMs,
      toMs,
      extensions: [SUBJECT_NAMES],
    });
    return { cert, key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  };
  return { ca, issue };
}

interface CertificateFields {
  readonly issuer: string;
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly fromMs: number;
  readonly toMs: number;
  readonly extensions: readonly Buffer[];
}

// DER by hand (RFC 5280): node:crypto reads certificates and makes none.
const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const UTC_TIME = 0x17;

const ECDSA_WITH_SHA256 = der(SEQUENCE, hex('06082a8648ce3d040302'));
const COMMON_NAME = hex('0603550403');
const BASIC_CONSTRAINTS_CA = der(
  SEQUENCE,
  hex('0603551d13'),
  hex('0101ff'),
  der(OCTET_STRING, der(SEQUENCE, hex('0101ff'))),
);
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const SUBJECT_NAMES = der(
  SEQUENCE,
  hex('0603551d11'),
  der(
    OCTET_STRING,
    der(SEQUENCE, der(DNS_NAME, Buffer.from('localhost')), der(IP_ADDRESS, Buffer.from([127, 0, 0, 1]))),
  ),
);

function certificate(fields: CertificateFields): string {
  const serial = randomBytes(8);
  serial[0] = 1; // positive, and without a leading zero
  const body = der(
    SEQUENCE,
    hex('a003020102'), // version 3
    der(INTEGER, serial),
    ECDSA_WITH_SHA256,
    distinguishedName(fields.issuer),
    der(SEQUENCE, time(fields.fromMs), time(fields.toMs)),
    distinguishedName(fields.subject),
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, ...fields.extensions)),
  );
  const signature = sign('sha256', body, fields.signer);
  const whole = der(SEQUENCE, body, ECDSA_WITH_SHA256, der(BIT_STRING, Buffer.from([0]), signature));
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function distinguishedName(commonName: string): Buffer {
  return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(commonName)))));
}

/** UTCTime until 2049 and GeneralizedTime after, as RFC 5280 asks. */
function time(unixMs: number): Buffer {
  const text = new Date(unixMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return text < '2050' ? der(UTC_TIME, Buffer.from(text.slice(2))) : der(GENERALIZED_TIME, Buffer.from(text));
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  if (bytes < 0x1_00) return Buffer.from([0x81, bytes]);
  return Buffer.from([0x82, bytes >> 8, bytes & 0xff]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
