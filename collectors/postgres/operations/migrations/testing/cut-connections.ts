import { Client } from 'pg';

export interface Cut {
  /** Of the statement at which everything ends. */
  readonly text: string;
  /** How many such statements come through first. */
  readonly skip?: number;
  /** `before` it is sent, or `after` the server has done it and its answer is lost. */
  readonly when: 'before' | 'after';
}

/**
 * From a statement on no connection of this process says or hears anything any more, as if it had been killed; the server sees the same as
 * after kill -9. Disposing brings the process back to life.
 */
export function cutConnections({
  text,
  when,
  skip = 0,
}: Cut): Disposable & { readonly wasReached: () => boolean } {
  const original: unknown = Reflect.get(Client.prototype, 'query');
  if (typeof original !== 'function') throw new Error('the driver has no query');
  let isDead = false;
  let left = skip;
  const die = (client: Client): never => {
    isDead = true;
    client.connection.stream.destroy();
    throw new Error('the process is dead');
  };
  // What the driver declares is one function of many overloads; this one stands for all of them.
  Reflect.set(
    Client.prototype,
    'query',
    async function query(this: Client, ...given: unknown[]): Promise<unknown> {
      if (isDead) return die(this);
      const [asked] = given;
      const said = typeof asked === 'string' ? asked : JSON.stringify(asked);
      const isHere = said.includes(text) && left-- <= 0;
      if (isHere && when === 'before') return die(this);
      const answer: unknown = await Reflect.apply(original, this, given);
      return isHere ? die(this) : answer;
    },
  );
  return {
    wasReached: () => isDead,
    [Symbol.dispose]: () => void Reflect.set(Client.prototype, 'query', original),
  };
}
