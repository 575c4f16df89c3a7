import type { PracticeTopic } from '../../core/ports/practices.ts';

export interface Note {
  readonly lines: readonly string[];
  readonly manuals: readonly string[];
}

export type EngineNotes = Readonly<Partial<Record<PracticeTopic, Note>>>;
