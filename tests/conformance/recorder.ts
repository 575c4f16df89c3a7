import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerAnswer } from '../../src/core/engine.ts';

/** Field names whose values are secret whatever they hold. */
const secretNames =
  /pass(?:word|wd|phrase)?$|secret|token|credential|private_?key|account_?key|^authorization$|^key_?hash$|^payload$/i;

export interface Recorder {
  readonly onAnswer: (answer: ServerAnswer) => void;
  /** Writes what was recorded; the files' paths. */
  write(engine: string, version: string, redact: (text: string) => string): readonly string[];
}

/** Keeps the latest answer to each request of each subject, and writes them as fixtures: engine, version, request. */
export function createRecorder(folder: string): Recorder {
  const answers = new Map<string, ServerAnswer>();
  return {
    onAnswer: (answer) => void answers.set(`${answer.subject}\n${answer.request}`, answer),
    write(engine, version, redact) {
      mkdirSync(folder, { recursive: true });
      return [...answers.values()].map(({ subject, request, answer }) => {
        const path = join(folder, fileName(engine, version, subject, request));
        const text = JSON.stringify({ subject, request, answer }, withoutSecrets, 2);
        writeFileSync(path, `${redact(text)}\n`);
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
  return secretNames.test(name) && typeof value === 'string' ? '[secret]' : value;
}
