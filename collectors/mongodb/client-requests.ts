import { type Document, isDocument } from './document.ts';

/** `serverStatus`, or `aggregate $indexStats`: what was asked, without values. */
export function requestText(command: Document): string {
  const [name = ''] = Object.keys(command);
  const pipeline: unknown = command['pipeline'];
  const [stage]: readonly unknown[] = Array.isArray(pipeline) ? pipeline : [];
  return isDocument(stage) ? `${name} ${Object.keys(stage)[0] ?? ''}` : name;
}

/** `find` has a field of its own for it and refuses the other. */
export function firstBatch(command: Document, batchSize: number): Document {
  return 'find' in command ? { batchSize } : { cursor: { batchSize } };
}

/** The collection that a command is about; empty for one about a database or a server. */
export function subjectOf(command: Document): string {
  const [subject]: readonly unknown[] = Object.values(command);
  return typeof subject === 'string' ? subject : '';
}

export function commentOf(group: string | undefined): Document {
  return { comment: group === undefined ? 'reeve' : `reeve:${group}` };
}
