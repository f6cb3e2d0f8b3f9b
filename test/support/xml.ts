/** Reads the little of XML 1.0 that a report without a DTD needs, and refuses whatever is not well-formed. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Character data directly inside. */
  readonly text: string;
}

const NAME = '[A-Za-z][A-Za-z0-9-]*';
const TAG = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}="[^"<]*")*)\\s*(/?)>`, 'y');
const ATTRIBUTE = new RegExp(`(${NAME})="([^"]*)"`, 'g');
const TEXT = /[^<]+/y;
/** XML 1.0, production 2 (Char). */
const NO_CHARACTER = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

export function parseXml(document: string): Element {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!document.startsWith(declaration)) throw new Error('no XML declaration');
  if (NO_CHARACTER.test(document)) throw new Error('a character that XML does not have');
  const root = { name: '', attributes: {}, children: [] as Element[], text: '' };
  const open = [root];
  for (let at = declaration.length; at < document.length; ) {
    const inside = open.at(-1) as typeof root;
    TEXT.lastIndex = at;
    TAG.lastIndex = at;
    const [text] = TEXT.exec(document) ?? [];
    const [tag, closing, name = '', attributes = '', empty] = text === undefined ? (TAG.exec(document) ?? []) : [];
    if (text !== undefined) inside.text += unescaped(text);
    else if (tag === undefined) throw new Error(`no tag: ${document.slice(at, at + 40)}`);
    else if (closing === '/') {
      if (inside.name !== name || open.length === 1) throw new Error(`</${name}> in <${inside.name}>`);
      open.pop();
    } else {
      const element = { name, attributes: attributesOf(attributes), children: [], text: '' };
      inside.children.push(element);
      if (empty === '') open.push(element);
    }
    at += (text ?? tag ?? '').length;
  }
  const [only, ...more] = root.children;
  if (only === undefined || more.length > 0 || open.length > 1) throw new Error('not one element');
  return only;
}

function attributesOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(ATTRIBUTE)].map(([, name = '', value = '']) => [name, unescaped(value)] as const);
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) throw new Error('an attribute comes twice');
  return Object.fromEntries(pairs);
}

function unescaped(text: string): string {
  if (text.includes(']]>')) throw new Error(']]> in text');
  return text.replace(/&([a-z]*);?/g, (reference, name: string) => {
    const character = ENTITIES[name];
    if (character === undefined || !reference.endsWith(';')) throw new Error(`no entity: ${reference}`);
    return character;
  });
}
