/**
 * Ranges of one file behind a URL: redirects followed, failures tried again, and everything that an answer claims
 * checked (RFC 9110, section 14). A server that cannot do ranges, or whose file is no longer the one it was, is refused
 * before any of its bytes are used.
 */

import { InputError } from '../../errors.ts';
import { TOOL } from '../../version.ts';
import { type FetchAnswer, FetchThread, sleep } from './fetch-thread.ts';
import { shownUrl } from './url.ts';

/** One request, as it went. */
export interface Transfer {
  /** The URL without what gives access. */
  readonly name: string;
  readonly fileOffset: number;
  /** Bytes that came. */
  readonly byteLength: number;
  /** Null when no answer came. */
  readonly status: number | null;
}

export interface UrlOptions {
  /** How long a server may say nothing, in milliseconds; 20 s when left out. */
  readonly silenceMs?: number | undefined;
  /** The pause before a second attempt; before each further one it is three times as long. 250 ms when left out. */
  readonly pauseMs?: number | undefined;
  /** Hears of every request. */
  readonly onTransfer?: ((transfer: Transfer) => void) | undefined;
}

const SILENCE_MS = 20_000;
const PAUSE_MS = 250;
const MAX_ATTEMPTS = 4;
const MAX_REDIRECTS = 5;
/** The stretch in which a server has to keep the pace, in silences: 30 s with the usual one. */
const SILENCES_PER_WINDOW = 1.5;
/** The pace: 4 KiB a second, slower than any line over which a dump is worth reading. */
const LEAST_BYTES_PER_MS = 4096 / 1000;
/** Without progress for so long, a server is not asked again. */
const PATIENCE_MS = 30_000;
/** Servers may answer less than was asked for. An answer of this many bytes is progress; a shorter one, a failure. */
const PROGRESS_BYTE_LENGTH = 1 << 16;

const REDIRECTS: readonly (number | null)[] = [301, 302, 303, 307, 308];
/** Refusals for the moment, like those from 500 on. */
const FOR_THE_MOMENT = [408, 425, 429];

/** What the first answer says of the file, and every other has to. */
interface Version {
  readonly byteLength: number;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

/** What an attempt has brought, and why not all of it, if so. */
interface Attempt {
  readonly bytes: Uint8Array;
  readonly failure: string | null;
}

const NO_BYTES = new Uint8Array(0);

export class RemoteFile {
  readonly name: string;
  readonly #url: URL;
  readonly #authorization: string | null;
  readonly #options: UrlOptions;
  readonly #thread: FetchThread;
  readonly #now: () => number;
  /** Where redirects have led. */
  #location: URL;
  #version: Version | undefined;
  #closed = false;

  /**
   * `now` is a clock in milliseconds. Throws InputError (`usage`) for a text that is no URL. Close the file when done.
   */
  constructor(url: string, options: UrlOptions, now: () => number) {
    this.#now = now;
    this.name = shownUrl(url);
    if (!URL.canParse(url)) throw new InputError('usage', 'is not a URL', { file: this.name });
    this.#url = new URL(url);
    this.#authorization = takeAuthorization(this.#url);
    this.#location = this.#url;
    this.#options = options;
    this.#thread = FetchThread.share();
  }

  /** Known from the first answer on. */
  get byteLength(): number {
    return this.#version?.byteLength ?? Number.POSITIVE_INFINITY;
  }

  /** Whether the server gives something that would show that the file is another one, other than its length. */
  get hasValidator(): boolean {
    return this.#version?.etag !== undefined || this.#version?.lastModified !== undefined;
  }

  close(): void {
    if (!this.#closed) this.#thread.release();
    this.#closed = true;
  }

  /** `byteLength` bytes from `offset` on, or as many as the file has there. Throws InputError (`file`). */
  fetch(offset: number, byteLength: number): Uint8Array {
    const bytes = new Uint8Array(byteLength);
    let held = 0;
    let failures = 0;
    let since = this.#now();
    const missing = () => Math.min(byteLength, this.byteLength - offset) - held;
    while (missing() > 0) {
      const { bytes: got, failure } = this.#attempt(offset + held, missing());
      bytes.set(got, held);
      held += got.byteLength;
      if (got.byteLength >= PROGRESS_BYTE_LENGTH) since = this.#now();
      if (failure === null && (missing() === 0 || got.byteLength >= PROGRESS_BYTE_LENGTH)) continue;
      failures += 1;
      if (failures === MAX_ATTEMPTS || this.#now() - since >= PATIENCE_MS) {
        const why = failure ?? `only ${got.byteLength} bytes came`;
        const attempts = failures === 1 ? 'the only attempt' : `the last of ${failures} attempts`;
        this.#refuse(offset + held, `${why}, in ${attempts}`);
      }
      // What a redirect leads to may be good for a while only.
      this.#location = this.#url;
      sleep((this.#options.pauseMs ?? PAUSE_MS) * 3 ** (failures - 1));
    }
    return bytes.subarray(0, held);
  }

  /** Throws what another attempt would not change. */
  #attempt(offset: number, byteLength: number): Attempt {
    for (let redirects = 0; ; redirects++) {
      const answer = this.#request(offset, byteLength);
      if (!REDIRECTS.includes(answer.status)) return this.#judge(answer, offset, byteLength);
      if (redirects === MAX_REDIRECTS) this.#refuse(offset, `redirects more than ${MAX_REDIRECTS} times`);
      this.#follow(answer, offset);
    }
  }

  #request(offset: number, byteLength: number): FetchAnswer {
    const silenceMs = this.#options.silenceMs ?? SILENCE_MS;
    const windowMs = silenceMs * SILENCES_PER_WINDOW;
    const { etag, lastModified } = this.#version ?? {};
    // A weak tag does not promise the same bytes, so it must not be asked with.
    const validator = etag?.startsWith('"') ? etag : lastModified;
    const answer = this.#thread.fetch({
      url: this.#location.href,
      headers: {
        range: `bytes=${offset}-${offset + byteLength - 1}`,
        'accept-encoding': 'identity',
        'user-agent': `${TOOL.name}/${TOOL.version}`,
        ...(validator === undefined ? {} : { 'if-range': validator }),
        ...(this.#authorization !== null && this.#location.origin === this.#url.origin
          ? { authorization: this.#authorization }
          : {}),
      },
      byteLength,
      silenceMs,
      windowMs,
      leastByteLength: windowMs * LEAST_BYTES_PER_MS,
    });
    const { status, bytes } = answer;
    this.#options.onTransfer?.({ name: this.name, fileOffset: offset, byteLength: bytes.byteLength, status });
    return answer;
  }

  #follow({ headers }: FetchAnswer, offset: number): void {
    const target = headers['location'];
    if (target === undefined || !URL.canParse(target, this.#location.href))
      this.#refuse(offset, 'redirects to nowhere');
    const next = new URL(target, this.#location);
    if (!/^https?:$/.test(next.protocol)) this.#refuse(offset, `redirects to a ${next.protocol} URL`);
    if (this.#location.protocol === 'https:' && next.protocol === 'http:') {
      this.#refuse(offset, 'redirects from https to http, where everybody on the way can read and change it');
    }
    takeAuthorization(next);
    this.#location = next;
  }

  #judge(answer: FetchAnswer, offset: number, byteLength: number): Attempt {
    const { status, statusText, failure, headers } = answer;
    if (status === null) {
      const why = failure ?? 'no answer';
      // A name that nobody knows or a port where nobody listens will be the same in a second.
      if (this.#version === undefined) this.#refuse(offset, why);
      return { bytes: NO_BYTES, failure: why };
    }
    if (status === 206) return this.#judgeRange(answer, offset, byteLength);
    if (status === 200 && this.#version === undefined) {
      this.#refuse(offset, 'the server sends only whole files, and no ranges; download it first');
    }
    if (status === 200) this.#refuseChanged(offset);
    if (status === 416 && /^bytes \*\/0$/.test(headers['content-range'] ?? '')) this.#refuse(offset, 'is empty');
    const what = `HTTP ${status} ${statusText.slice(0, 60)}`.trim();
    const redirectHasExpired = this.#version !== undefined && this.#location !== this.#url;
    const mayChange = status >= 500 || FOR_THE_MOMENT.includes(status) || redirectHasExpired;
    return mayChange ? { bytes: NO_BYTES, failure: what } : this.#refuse(offset, what);
  }

  #judgeRange({ headers, bytes, tooLong, failure }: FetchAnswer, offset: number, byteLength: number): Attempt {
    const encoding = headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity')
      this.#refuse(offset, 'the server compresses it on the way, so that ranges are of no use');
    const [, start, last, total] =
      /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(headers['content-range'] ?? '') ?? [];
    if (start === undefined) this.#refuse(offset, 'the server does not say which range of how long a file it sends');
    const announced = Number(last) + 1 - offset;
    if (Number(start) !== offset || announced < 1 || announced > byteLength || Number(last) >= Number(total)) {
      const asked = `${offset}-${offset + byteLength - 1}`;
      this.#refuse(offset, `asked for bytes ${asked}, the server sends bytes ${start}-${last} of ${total}`);
    }
    const version = { byteLength: Number(total), etag: headers['etag'], lastModified: headers['last-modified'] };
    const known = this.#version;
    if (
      known !== undefined &&
      (known.byteLength !== version.byteLength ||
        known.etag !== version.etag ||
        known.lastModified !== version.lastModified)
    ) {
      this.#refuseChanged(offset);
    }
    this.#version = version;
    // Whoever sends more than announced means something else by one of them.
    if (tooLong || bytes.byteLength > announced) {
      return { bytes: NO_BYTES, failure: `more than the ${announced} bytes that were announced came` };
    }
    if (bytes.byteLength === announced) return { bytes, failure: null };
    const short = `${bytes.byteLength} of ${announced} announced bytes came`;
    return { bytes, failure: failure === null ? short : `${failure} (${short})` };
  }

  #refuseChanged(offset: number): never {
    this.#refuse(offset, 'the file on the server is no longer the one that was opened');
  }

  #refuse(offset: number, message: string): never {
    const where = this.#location === this.#url ? '' : ` (redirected to ${shownUrl(this.#location.href)})`;
    const place = this.#version === undefined ? {} : { place: `offset 0x${offset.toString(16)}` };
    throw new InputError('file', `cannot be fetched: ${message}${where}`, { file: this.name, ...place });
  }
}

/** Takes user name and password out of a URL: fetch() refuses URLs that have them. The header that they stand for. */
function takeAuthorization(url: URL): string | null {
  const { username, password } = url;
  url.username = '';
  url.password = '';
  url.hash = '';
  if (username === '' && password === '') return null;
  return `Basic ${Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString('base64')}`;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
