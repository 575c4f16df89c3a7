import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerAnswer } from '../../src/core/engine.ts';

/** Field names whose values are secret whatever they hold. */
const secretNames =
  /pass(?:word|wd|phrase)?$|secret|token|credential|(?:private|account|access|master)_?key$|connection_?string|^authorization$|^key_?hash$|^payload$/i;

/** Secrets inside a text, by what stands before them: in URLs, connection strings and statements; and tokens by their own shape. */
const secretTexts = [
  /(?<=:\/\/[^\s/:@]*:)[^\s@]+(?=@)/g,
  /(?<=\b(?:password|passwd|pwd|accountkey|sharedaccesskey|sig)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s;&'"]+)/gi,
  /(?<=\bpassword\s+)'(?:[^']|'')*'/gi,
  /\beyJ[\w-]+\.[\w-]*(?:\.[\w-]*)?/g,
];

export interface Recorder {
  readonly onAnswer: (answer: ServerAnswer) => void;
  /** Writes what was recorded; the files' paths. */
  write(engine: string, version: string, redact: (text: string) => string): readonly string[];
}

/**
 * Keeps the latest answer to each request of each subject, and writes them as fixtures: engine, version, request.
 *
 * @throws when the folder cannot be made: before anything is read, not after.
 */
export function createRecorder(folder: string): Recorder {
  mkdirSync(folder, { recursive: true });
  const answers = new Map<string, ServerAnswer>();
  return {
    onAnswer: (answer) => void answers.set(`${answer.subject}\n${answer.request}`, answer),
    write(engine, version, redact) {
      return [...answers.values()].map(({ subject, request, answer }) => {
        const path = join(folder, fileName(engine, version, subject, request));
        const text = JSON.stringify({ subject, request, answer }, withoutSecrets, 2);
        writeFileSync(path, `${redact(text)}\n`, { mode: 0o600 });
        return path;
      });
    },
  };
}

function fileName(engine: string, version: string, subject: string, request: string): string {
  const words = request
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60)
    .toLowerCase();
  const apart = createHash('sha256').update(`${subject}\n${request}`).digest('hex').slice(0, 8);
  return `${engine}-${version.replaceAll(/[^A-Za-z0-9.]+/g, '-')}-${words}-${apart}.json`;
}

function withoutSecrets(name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (secretNames.test(name) && typeof value !== 'number' && typeof value !== 'boolean') {
    return value === null || value === undefined ? value : '[secret]';
  }
  if (typeof value !== 'string') return value;
  return secretTexts.reduce((text, secret) => text.replaceAll(secret, '[secret]'), value);
}
