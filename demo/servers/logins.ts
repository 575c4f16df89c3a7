import { randomBytes } from 'node:crypto';

/** Made up for one run; letters and digits only, so it stands in SQL, URLs and access control lists as it is. */
export function makePassword(): string {
  return randomBytes(8).toString('hex');
}

/** The statements of the documentation are for people, who fill in what stands in angle brackets. */
export function fillIn(statement: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce(
    (text, [name, value]) => text.replaceAll(`<${name}>`, value),
    statement,
  );
}
