import { createHmac, randomBytes } from 'node:crypto';
import { compare } from 'bcryptjs';

/** Checks the header `Authorization` of a request against the users of the web configuration. */
export interface BasicAuth {
  /** `busy`: too many unknown passwords are being checked at the moment. */
  check(
    header: string | undefined,
    users: ReadonlyMap<string, string>,
  ): Promise<'allowed' | 'denied' | 'busy'>;
}

/** bcrypt is slow on purpose: verdicts are remembered, good and bad ones, this many of each. */
const rememberedVerdicts = 128;
/** Checks run one after the other; more than this many waiting are turned away. */
const longestQueue = 16;
/** Compared against for an unknown user, so that the answer takes as long; the hash of a random password nobody knows. */
const nobodysHash = '$2b$10$QXJ0aWNob2tlUmVldmVObu0Zr3Yv0o3m7nqk1pN2yQkG3iO5uL9Wm';

export function createBasicAuth(): BasicAuth {
  // Verdicts are kept under a keyed hash, so that no password stays in memory.
  const key = randomBytes(32);
  const allowed = new Set<string>();
  const denied = new Set<string>();
  let waiting = 0;
  let queue: Promise<unknown> = Promise.resolve();
  const verify = async (password: string, hash: string) => compare(password, hash).catch(() => false);
  return {
    async check(header, users) {
      const login = parseBasic(header);
      if (login === undefined) return 'denied';
      const hash = users.get(login.user);
      const id = createHmac('sha256', key)
        .update(JSON.stringify([login.user, hash ?? '', login.password]))
        .digest('base64');
      if (allowed.has(id)) return 'allowed';
      if (denied.has(id)) return 'denied';
      if (waiting >= longestQueue) return 'busy';
      waiting += 1;
      const checked = queue.then(() => verify(login.password, hash ?? similarHash(users)));
      queue = checked;
      const matches = (await checked) && hash !== undefined;
      waiting -= 1;
      remember(matches ? allowed : denied, id);
      return matches ? 'allowed' : 'denied';
    },
  };
}

interface Login {
  readonly user: string;
  readonly password: string;
}

function parseBasic(header: string | undefined): Login | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** A hash nobody's password gives, with the cost of the real ones. */
function similarHash(users: ReadonlyMap<string, string>): string {
  const [first] = users.values();
  return first === undefined ? nobodysHash : first.slice(0, 7) + nobodysHash.slice(7);
}

function remember(verdicts: Set<string>, id: string): void {
  const [oldest] = verdicts;
  if (verdicts.size >= rememberedVerdicts && oldest !== undefined) verdicts.delete(oldest);
  verdicts.add(id);
}
