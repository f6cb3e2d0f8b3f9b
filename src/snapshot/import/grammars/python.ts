/** Dictionaries, lists and tuples as Python shows them, made into what JSON has for them. */

/** Numbers of fewer digits are exact in JSON. */
const LONG_NUMBER = 16;
const PYTHON =
  /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(0x[0-9a-f]+|\d+)(\s*:)?|\b(None|True|False)\b|,?(\s*[)\]}])|(\()/gi;

/** What Python shows of dictionaries, lists and tuples, as the text of JSON; undefined for anything else. */
export function pythonAsJson(text: string): string | undefined {
  if (!/^\s*[[{(]\s*['"({[\d]/.test(text)) return undefined;
  const json = text.replace(PYTHON, (_, single, double, number, colon, word, close, open) => {
    if (single !== undefined || double !== undefined) return JSON.stringify(single ?? double);
    if (word !== undefined) return 'null';
    if (number === undefined) return open === undefined ? close.replace(')', ']') : '[';
    // A key is decimal, as all numbers without a mark are.
    if (colon !== undefined) return `"0x${BigInt(number).toString(16)}"${colon}`;
    return number.length >= LONG_NUMBER || /^0x/i.test(number) ? `"${number}"` : number;
  });
  return isJson(json) ? json : undefined;
}

/** Whether a text is JSON, whatever it says. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
