import { booleanAt, type Document, idAt, numberAt, textAt, textsAt, timeAt } from './document.ts';

/** What a server says about itself, without a login. @see https://www.mongodb.com/docs/manual/reference/command/hello/ */
export interface Hello {
  readonly isMongos: boolean;
  readonly set: string | undefined;
  /** Its own name in the configuration of its set. */
  readonly me: string | undefined;
  /** The primary that it knows of. */
  readonly primary: string | undefined;
  readonly isPrimary: boolean;
  readonly isReplica: boolean;
  readonly isArbiter: boolean;
  readonly isHidden: boolean;
  readonly delaySeconds: number;
  /** Members it names: hosts, passives, arbiters; hidden ones are never named. */
  readonly hosts: readonly string[];
  readonly arbiters: readonly string[];
  /** Version of the set's configuration. */
  readonly configVersion: number | undefined;
  readonly maxWireVersion: number | undefined;
  /** Its clock, Unix time in milliseconds. */
  readonly localMs: number | undefined;
  /** Changes at every restart of the process. */
  readonly processId: string | undefined;
}

export function parseHello(answer: Document): Hello {
  return {
    isMongos: textAt(answer, 'msg') === 'isdbgrid',
    set: textAt(answer, 'setName'),
    me: textAt(answer, 'me')?.toLowerCase(),
    primary: textAt(answer, 'primary')?.toLowerCase(),
    isPrimary: booleanAt(answer, 'isWritablePrimary') ?? booleanAt(answer, 'ismaster') ?? false,
    isReplica: booleanAt(answer, 'secondary') ?? false,
    isArbiter: booleanAt(answer, 'arbiterOnly') ?? false,
    isHidden: booleanAt(answer, 'hidden') ?? false,
    delaySeconds: numberAt(answer, 'secondaryDelaySecs') ?? numberAt(answer, 'slaveDelay') ?? 0,
    hosts: [...textsAt(answer, 'hosts'), ...textsAt(answer, 'passives')],
    arbiters: textsAt(answer, 'arbiters'),
    configVersion: numberAt(answer, 'setVersion'),
    maxWireVersion: numberAt(answer, 'maxWireVersion'),
    localMs: timeAt(answer, 'localTime'),
    processId: idAt(answer, 'topologyVersion.processId'),
  };
}
