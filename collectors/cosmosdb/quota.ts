/** What the quota headers say of a container; undefined where they do not. */
export interface ContainerUsage {
  readonly dataBytes: number | undefined;
  readonly indexBytes: number | undefined;
  readonly documents: number | undefined;
}

/**
 * Parses `x-ms-resource-usage`: `documentsSize=12;documentsCount=3;collectionSize=20`, sizes in KB.
 *
 * Everything that is not data counts as index, never less than nothing: the two sizes are measured at different times.
 */
export function parseUsage(header: string | undefined): ContainerUsage {
  const fields = new Map(
    (header ?? '').split(';').map((field) => {
      const at = field.indexOf('=');
      return [field.slice(0, at).trim().toLowerCase(), field.slice(at + 1).trim()] as const;
    }),
  );
  const dataBytes = kilobytes(fields.get('documentssize'));
  const allBytes = kilobytes(fields.get('collectionsize'));
  const isKnown = dataBytes !== undefined && allBytes !== undefined;
  return {
    dataBytes,
    indexBytes: isKnown ? Math.max(0, allBytes - dataBytes) : undefined,
    documents: toNumber(fields.get('documentscount')),
  };
}

function kilobytes(text: string | undefined): number | undefined {
  const value = toNumber(text);
  return value === undefined ? undefined : value * 1_024;
}

function toNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+(?:\.\d+)?$/.test(text)) return undefined;
  return Number(text);
}
