import { scan } from 'libpg-query';

/** What a file declares in comments: `-- reeve: deletes <table> <rows|all>`, `-- reeve: drops <object>`, `-- reeve: narrows <table>.<column>`. */
export interface Declarations {
  readonly deletes: readonly { readonly table: string; readonly rows: number | 'all' }[];
  readonly drops: readonly string[];
  readonly narrows: readonly string[];
  /** Lines that begin with `-- reeve:` and say nothing that is known. */
  readonly unknown: readonly { readonly line: number; readonly text: string }[];
}

type Draft = {
  -readonly [K in keyof Declarations]: Declarations[K] extends readonly (infer E)[] ? E[] : never;
};

const directive = /^--\s*reeve:\s*(.*?)\s*$/i;
const object = String.raw`((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+)){0,2})`;
const forms = {
  deletes: new RegExp(String.raw`^deletes\s+${object}\s+(\d+|all)$`, 'i'),
  drops: new RegExp(String.raw`^drops\s+${object}$`, 'i'),
  narrows: new RegExp(String.raw`^narrows\s+${object}$`, 'i'),
} as const;

/** Only real comments count, as PostgreSQL's own scanner sees them. Empty for a text that cannot be read. */
export async function readDeclarations(text: string): Promise<Declarations> {
  const found: Draft = { deletes: [], drops: [], narrows: [], unknown: [] };
  if (text.trim() === '' || text.includes('\0')) return found;
  const bytes = Buffer.from(text, 'utf8');
  const tokens = await scan(text).then(
    (scanned) => scanned.tokens,
    () => [],
  );
  for (const { tokenName, start, end } of tokens) {
    if (tokenName !== 'SQL_COMMENT') continue;
    const said = directive.exec(bytes.subarray(start, end).toString('utf8').trimEnd())?.[1];
    if (said === undefined) continue;
    const deletes = forms.deletes.exec(said);
    const drops = forms.drops.exec(said)?.[1];
    const narrows = forms.narrows.exec(said)?.[1];
    if (deletes?.[1] !== undefined && deletes[2] !== undefined) {
      const rows = deletes[2].toLowerCase() === 'all' ? 'all' : Number(deletes[2]);
      found.deletes.push({ table: plainName(deletes[1]), rows });
    } else if (drops !== undefined) found.drops.push(plainName(drops));
    else if (narrows !== undefined) found.narrows.push(plainName(narrows));
    else {
      const line = bytes.subarray(0, start).toString('utf8').split('\n').length;
      found.unknown.push({ line, text: said });
    }
  }
  return found;
}

/** As the catalogue has it: quotes off, what is not quoted in lower case. */
function plainName(text: string): string {
  return text.replaceAll(
    /"([^"]+)"|([^".]+)/g,
    (_, quoted: string | undefined, bare: string | undefined) => quoted ?? (bare ?? '').toLowerCase(),
  );
}

/** Whether a declared name is this object's; a schema counts where both have one. `parts` is how many there are without it. */
export function isNamed(declared: string, found: string, parts: 1 | 2 = 1): boolean {
  const one = declared.split('.');
  const other = found.split('.');
  if (one.length < parts || other.length < parts) return false;
  const [oneSchema, otherSchema] = [one.slice(0, -parts).join('.'), other.slice(0, -parts).join('.')];
  if (one.slice(-parts).join('.') !== other.slice(-parts).join('.')) return false;
  return oneSchema === '' || otherSchema === '' || oneSchema === otherSchema;
}
