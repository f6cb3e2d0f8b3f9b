/** What stands around every page: a beginning that keeps out all that is not this page's own, and an end. */

import { TOOL } from '../../version.ts';
import type { Asset } from './assets.ts';
import { Html, html } from './markup.ts';

/** As far as the page's own header. `script`: null for a page that has none, and runs none. */
export function head(title: string, style: Asset, script: Asset | null): Html {
  // Nothing from outside, nothing that is not this script and this style sheet, and no text taken for markup.
  const policy = [
    "default-src 'none'",
    ...(script === null ? [] : [`script-src '${script.hash}'`]),
    `style-src '${style.hash}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="${TOOL.name} ${TOOL.version}">
<title>${title}</title>
<style>${new Html(style.text)}</style>
</head>
<body>
<a class="skip" href="#content">To the report</a>
`;
}

/** From the end of its `main` on. */
export function foot(script: Asset | null): Html {
  return html`</main>
</div>
<footer>${TOOL.name} ${TOOL.version}</footer>
${script !== null && html`<script>${new Html(script.text)}</script>\n`}</body>
</html>
`;
}
