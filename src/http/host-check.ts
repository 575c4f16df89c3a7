/** Whether an address of a client, as Node gives it, is this machine's. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return plain === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plain);
}

/** Whether the header `Host` names this machine as seen from itself, or the URL at which people reach it. HTTP/1.0 has no such header. */
export function asksThisMachine(host: string | undefined, externalUrl: string | undefined): boolean {
  if (host === undefined) return true;
  const url = URL.parse(`http://${host}`);
  if (url === null || url.host === '') return false;
  const name = url.hostname.replace(/\.$/, '');
  const isLocal = name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name);
  return isLocal || (externalUrl !== undefined && name === URL.parse(externalUrl)?.hostname);
}
