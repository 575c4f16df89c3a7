/** What happens between a client and the server behind the proxy. */
export type LinkFault =
  /** Bytes pass at once. */
  | { readonly kind: 'pass' }
  /** Connections are accepted and stay open, and not a byte passes, in either direction. `pass` later delivers what waited. */
  | { readonly kind: 'hang' }
  /** Open connections are closed, new ones get ECONNREFUSED. */
  | { readonly kind: 'refuse' }
  /** A TCP reset: at once, or after so many bytes of the server's answers, counted per connection from the switch on. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** Every chunk of the server's answers arrives this much later. */
  | { readonly kind: 'delay'; readonly delayMs: number };
