import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../support/run-command.ts';

/** A key and a certificate made for a test, as text and as files. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes a certificate that is its own authority, for `localhost` and 127.0.0.1. Needs the program openssl, as Debian has it. */
export async function createCertificate(folder: string, name: string): Promise<TestCertificate> {
  const certFile = join(folder, `${name}.crt`);
  const keyFile = join(folder, `${name}.key`);
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' ');
  const names = `subjectAltName=DNS:localhost,IP:127.0.0.1,DNS:${name}`;
  const subject = ['-subj', `/CN=${name}`, '-addext', names];
  const output = ['-keyout', keyFile, '-out', certFile];
  const { code, stderr } = await runCommand('openssl', [...request, ...subject, ...output]);
  if (code !== 0) throw new Error(`openssl: ${stderr}`);
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { cert, key, certFile, keyFile };
}
