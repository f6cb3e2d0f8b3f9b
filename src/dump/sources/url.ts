/** Names of dumps that are URLs, and how such a name is shown. */

import { InputError } from '../../errors.ts';

/** Whether the name of a dump is fetched, and not opened. */
export function isUrl(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

/** What to say where a file was to be opened: why it could not be, or that nothing but a dump is fetched from a URL. */
export function notOpened(name: string, why: string, cause?: unknown): InputError {
  if (!isUrl(name)) return new InputError('file', why, { file: name, cause });
  return new InputError('file', 'is a URL, from which only a dump is read; download it first', {
    file: shownUrl(name),
  });
}

/**
 * A URL as every output shows it. Reports are passed on, so it has none of the parts that give access: no user name
 * and password, and no query, where signed URLs have their signature.
 */
export function shownUrl(url: string): string {
  const [, scheme = '', authority = '', path = '', query = ''] =
    /^([a-z][a-z\d+.-]*:\/\/)([^/?#]*)([^?#]*)(\?)?/i.exec(url) ?? [];
  // Where the parts of a text that is no URL begin and end is anybody's guess.
  if (!URL.canParse(url)) return `${scheme}...`;
  return `${scheme}${authority.slice(authority.lastIndexOf('@') + 1)}${path}${query === '' ? '' : '?...'}`;
}
