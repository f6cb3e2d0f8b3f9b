/**
 * HTML that is safe by construction: whatever stands in a template is text and is escaped, unless it is {@link Html}
 * already. Nothing else in the report writes markup, so a name out of a snapshot can never become any.
 */

export class Html {
  readonly markup: string;

  /** Only for what this program wrote itself. */
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What a template may hold: null and false show nothing, a list shows its elements one after the other. */
export type Content = Html | string | number | null | false | readonly Content[];

/** The template's own text is markup, its values are not. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  let markup = strings[0] as string;
  for (const [i, value] of values.entries()) markup += markupOf(value) + strings[i + 1];
  return new Html(markup);
}

function markupOf(content: Content): string {
  if (content === null || content === false) return '';
  if (content instanceof Html) return content.markup;
  if (typeof content === 'object') return content.map(markupOf).join('');
  return String(content).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** JSON for a `<script type="application/json">`: no character of it can end the element or begin another. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Hex, a field's name, a path, a line of a log: what is to be read letter by letter. */
export function code(content: Content): Html {
  return html`<code>${content}</code>`;
}
