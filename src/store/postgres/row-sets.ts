import type { StoreSession } from './client.ts';

/** Rows and characters sent in one statement: few enough for the statement timeout of a small server. */
const most = { rows: 5_000, characters: 4_000_000 } as const;

/** Sends rows as JSON, as parameter $1 of a statement that unfolds them with `json_to_recordset($1::text::json)`, in several parts where they are many. */
export async function sendRows(
  session: StoreSession,
  sql: string,
  rows: readonly Readonly<Record<string, string | number | boolean | null>>[],
  others: readonly (string | number)[] = [],
): Promise<void> {
  let part: string[] = [];
  let characters = 0;
  const send = async (): Promise<void> => {
    if (part.length > 0) await session.run(sql, [`[${part.join()}]`, ...others]);
    part = [];
    characters = 0;
  };
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (part.length >= most.rows || characters + text.length > most.characters) await send();
    part.push(text);
    characters += text.length;
  }
  await send();
}
