import { createHash } from 'node:crypto';
import { Html, html } from './html.ts';
import type { Reply } from './listener.ts';

/** Nothing is loaded from anywhere, and nothing runs: a page of text and one style. */
const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
pre { padding: .75rem; border: 1px solid; overflow-x: auto; user-select: all; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8888; }
time { white-space: nowrap; }
.breached { color: #b00020; } .unknown { color: #8a5a00; } .met { color: #1b6e2c; }
@media (prefers-color-scheme: dark) { .breached { color: #ff8a80; } .unknown { color: #ffcc80; } .met { color: #a5d6a7; } }
`;

/** A whole page; `title` is its heading too. */
export function pageReply(status: number, title: string, content: readonly Html[]): Reply {
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Reeve</title>
${new Html(`<style>${style}</style>`)}
</head>
<body>
<h1>${title}</h1>
${content}
</body>
</html>
`;
  const allowedStyle = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src ${allowedStyle}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
    body: body.text,
  };
}
