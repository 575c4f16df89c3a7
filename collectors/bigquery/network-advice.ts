/** What to do about a connection that failed, by the code and words of Node; the first that fits. */
const advices: readonly { readonly when: RegExp; readonly advice: string }[] = [
  {
    when: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|certificate (?:has expired|is not yet valid)/i,
    advice:
      'the certificate is not valid now: check the clock of this machine, then renew that of the endpoint or proxy',
  },
  {
    when: /ALTNAME|altnames/i,
    advice: 'the certificate is for another host name: check endpoint',
  },
  {
    when: /certificate|self-signed|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/i,
    advice:
      'the certificate is not trusted: check endpoint, and name the authority of a proxy in NODE_EXTRA_CA_CERTS',
  },
  {
    when: /EPROTO|wrong version number|SSL routines/i,
    advice: 'what listens there does not speak TLS: check endpoint and proxies',
  },
  { when: /ENOTFOUND|EAI_AGAIN/, advice: 'the host name is not known: check endpoint and DNS' },
  { when: /ECONNREFUSED/, advice: 'nothing listens there: check endpoint and proxies' },
  { when: /EHOST|ENET/, advice: 'there is no way there: check routes, firewalls and Private Google Access' },
];

/** Advice on a failed connection. */
export function networkAdvice(text: string): string {
  return (
    advices.find(({ when }) => when.test(text))?.advice ??
    'the connection broke: check the network, firewalls and proxies on the way to endpoint'
  );
}
