/** How a replica is called, so that its primary and the replica itself, when both are targets, say the same name. */

export interface WalSender {
  readonly application: string;
  readonly slot: string | null;
  readonly address: string | null;
}

/** What a receiver calls itself that was given no name. */
const unnamed = 'walreceiver';

/** The application name; where it is the default one the slot, then the address. Names that several would share get what tells them apart. */
export function nameReplicas(senders: readonly WalSender[]): readonly string[] {
  const wanted = senders.map(({ application, slot, address }) =>
    application !== '' && application !== unnamed ? application : (slot ?? address ?? unnamed),
  );
  const taken = new Map<string, number>();
  return wanted.map((name, at) => {
    const isShared = wanted.indexOf(name) !== wanted.lastIndexOf(name);
    const detail = senders[at]?.slot ?? senders[at]?.address;
    const full = isShared && detail !== null && detail !== name ? `${name} (${detail})` : name;
    const before = taken.get(full) ?? 0;
    taken.set(full, before + 1);
    return before === 0 ? full : `${full} #${before + 1}`;
  });
}

export interface ReceiverSettings {
  /** `application_name` as it stands in primary_conninfo, quotes and all. */
  readonly application: string | null;
  readonly clusterName: string;
  readonly slot: string;
}

/** The name under which a standby's primary sees it: application_name, else cluster_name, else its slot. */
export function nameOfStandby({ application, clusterName, slot }: ReceiverSettings): string {
  const given = application === null ? '' : unquote(application);
  const name = given === '' ? clusterName : given;
  return name !== '' && name !== unnamed ? name : slot === '' ? unnamed : slot;
}

function unquote(value: string): string {
  if (value.startsWith("'")) return value.slice(1, -1).replaceAll(/\\(.)/g, '$1');
  return /^(?:[^%]|%[0-9a-f]{2})*$/i.test(value) ? decodeURIComponent(value) : value;
}
