/** Dumps behind URLs: what is asked for, and every way in which a server can fail or lie. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { parseDumpName } from '../../../src/dump/load-map.ts';
import { openDump } from '../../../src/dump/open.ts';
import type { Transfer, UrlOptions } from '../../../src/dump/sources/range-request.ts';
import type { ByteSource } from '../../../src/dump/sources/source.ts';
import { isUrl, shownUrl } from '../../../src/dump/sources/url.ts';
import { openUrlSource } from '../../../src/dump/sources/url-source.ts';
import { startRangeServer } from '../../support/outside/range-server.ts';
import { refusalOf } from '../../support/refusal.ts';
import { patternBytes } from '../../support/sources.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const KIB = 1024;
const content = patternBytes(3_000_001);
const folder = temporaryFolder();
folder.write('large', content);
folder.write('another', content);
folder.write('small', content.subarray(0, 5000));
const server = await startRangeServer(folder.path);

/** A busy machine may be silent for longer than anybody would wait, so only where silence is what is tested it counts. */
const QUICK = { pauseMs: 1 };
const HASTY = { ...QUICK, silenceMs: 300 };
const optionsFor = (fault: string): UrlOptions => (fault === 'silent' || fault === 'stalls' ? HASTY : QUICK);

// Keeps the thread that fetches, whose start takes longer than anything that is tested here.
const keeper = openUrlSource(server.url('good', 'small'));
afterAll(() => keeper.close());
beforeEach(() => server.log());

function opened<T>(fault: string, name: string, use: (source: ByteSource) => T, options = optionsFor(fault)): T {
  const source = openUrlSource(server.url(fault, name), options);
  try {
    return use(source);
  } finally {
    source.close();
  }
}

/** `byteLength` bytes from `offset` on, which have to be the right ones. */
function readRight(source: ByteSource, offset: number, byteLength: number): void {
  const into = new Uint8Array(byteLength);
  const expected = content.subarray(0, source.byteLength).subarray(offset, offset + byteLength);
  expect(source.read(offset, into), `${byteLength} bytes from ${offset}`).toBe(expected.byteLength);
  expect(Buffer.compare(into.subarray(0, expected.byteLength), expected)).toBe(0);
}

const ranges = async () => (await server.log()).map(({ range }) => range?.replace('bytes=', ''));

describe('reading', () => {
  test('a small file comes with the first request', async () => {
    opened('good', 'small', (source) => {
      expect(source).toMatchObject({ name: server.url('good', 'small'), byteLength: 5000 });
      for (const [offset, byteLength] of [
        [0, 5000],
        [4999, 10],
        [5000, 4],
        [9000, 4],
        [10, 0],
      ] as const) {
        readRight(source, offset, byteLength);
      }
    });
    expect(await ranges()).toEqual(['0-262143']);
  });

  test('of a large one, 64 KiB and what lies behind for each place', async () => {
    opened('good', 'large', (source) => {
      expect(source.byteLength).toBe(content.byteLength);
      readRight(source, 1_000_000, 16);
      readRight(source, 1_000_000 + 64 * KIB, 16);
      readRight(source, 1_000_010, 4096);
      readRight(source, content.byteLength - 1, 1);
    });
    expect(await ranges()).toEqual(['0-262143', '983040-1114111', '2949120-3000000']);
  });

  test('straight on, twice as much each time', async () => {
    opened('good', 'large', (source) => {
      for (let at = 0; at < content.byteLength; at += 100_000) readRight(source, at, 100_000);
    });
    expect(await ranges()).toEqual(['0-262143', '262144-786431', '786432-1835007', '1835008-3000000']);
  });

  test('a long read at once, and across what is there already', async () => {
    opened('good', 'large', (source) => {
      readRight(source, 655_360, 10);
      readRight(source, 0, 2_000_000);
    });
    expect(await ranges()).toEqual(['0-262143', '655360-786431', '262144-655359', '786432-2031615']);
  });

  test('any number of files through one thread, closed in any order', () => {
    const sources = ['large', 'small', 'large'].map((name) => openUrlSource(server.url('good', name), QUICK));
    const [first, second, third] = sources as [ByteSource, ByteSource, ByteSource];
    readRight(first, 2_000_000, 100);
    first.close();
    first.close();
    readRight(third, 2_000_000, 100);
    readRight(second, 0, 5000);
    second.close();
    readRight(third, 1_000_000, 100);
    third.close();
    opened('good', 'small', (source) => readRight(source, 0, 10));
  });
});

describe('failures that pass', () => {
  test.each(['cut-once', 'closed-once', 'busy', 'in-parts'])('%s', async (fault) => {
    const heard: (number | null)[] = [];
    const options = { ...QUICK, onTransfer: ({ status }: Transfer) => heard.push(status) };
    const readAll = (source: ByteSource) => {
      readRight(source, 1_000_000, 10);
      readRight(source, 0, 3_000_001);
    };
    opened(fault, 'large', readAll, options);
    expect((await server.log()).map(({ status }) => status)).toEqual(heard);
    expect(heard.length).toBeLessThan(fault === 'in-parts' ? 50 : 8);
  });

  test('what has come of a range that was cut is not asked for again', async () => {
    folder.write('cut', content);
    opened('cut-once', 'cut', (source) => readRight(source, 1_966_080, 600_000));
    expect(await ranges()).toEqual(['0-262143', '1966080-2621439', '2293760-2621439']);
  });
});

describe('failures that stay', () => {
  const from = (fault: string, name: string) => `${server.url(fault, name)}`;
  /** Fails on opening, or on the first read beyond it. */
  const failing = (fault: string, options = optionsFor(fault)) =>
    refusalOf(() => opened(fault, 'large', (source) => source.read(1_500_000, new Uint8Array(10)), options));

  test.each<[string, string, number]>([
    ['whole', 'the server sends only whole files, and no ranges; download it first', 1],
    ['missing', 'HTTP 404 Not Found', 1],
    ['empty', 'is empty', 1],
    ['secret', 'HTTP 401 Unauthorized', 1],
    ['closed-always', 'the connection was closed', 1],
    ['to-file', 'redirects to a file: URL', 1],
    ['to-nowhere', 'redirects to nowhere', 1],
    ['to-missing', 'HTTP 404 Not Found (redirected to ORIGIN/missing/large)', 2],
    ['circle', 'redirects more than 5 times (redirected to ORIGIN/circle/large)', 6],
    ['other-range', 'asked for bytes 0-262143, the server sends bytes 7-262143 of 3000001', 1],
    ['beyond-the-end', 'asked for bytes 0-262143, the server sends bytes 0-262143 of 10', 1],
    ['no-length', 'the server does not say which range of how long a file it sends', 1],
    ['no-range', 'the server does not say which range of how long a file it sends', 1],
    ['compressed', 'the server compresses it on the way, so that ranges are of no use', 1],
    ['silent', 'nothing came for 0.3 s', 1],
  ])('%s: on opening', async (fault, message, requests) => {
    const expected = `${from(fault, 'large')}: cannot be fetched: ${message}`;
    expect(await failing(fault)).toEqual({
      tag: 'file',
      message: expected.replace('ORIGIN', `http://127.0.0.1:${server.port}`),
    });
    expect(await server.log()).toHaveLength(requests);
  });

  test.each<[string, string]>([
    [
      'cut-always',
      'offset 0x160190: cannot be fetched: the connection was closed (100 of 130772 announced bytes came)',
    ],
    ['in-crumbs', 'offset 0x28: cannot be fetched: only 10 bytes came'],
    ['less-than-announced', 'offset 0x190: cannot be fetched: 100 of 261844 announced bytes came'],
    ['more-than-announced', 'offset 0x0: cannot be fetched: more than the 262144 bytes that were announced came'],
  ])('%s: after four attempts, with the place where it ends', async (fault, message) => {
    expect(await failing(fault)).toEqual({
      tag: 'file',
      message: `${from(fault, 'large')}: ${message}, in the last of 4 attempts`,
    });
  });

  // On a busy machine less may come before the patience ends.
  test('stalls: after four attempts, with the place to which it came', async () => {
    const { message } = await failing('stalls');
    expect(message).toMatch(
      /: offset 0x160[0-9a-f]{3}: cannot be fetched: nothing came for 0\.3 s( \(\d+ of \d+ announced bytes came\))?, in the last of 4 attempts$/,
    );
  });

  test.each(['changes', 'changes-silently', 'grows'])(
    '%s: another file than the one that was opened',
    async (fault) => {
      const { message } = await failing(fault);
      expect(message).toBe(
        `${from(fault, 'large')}: offset 0x160000: cannot be fetched: the file on the server is no longer the one that was opened`,
      );
      expect(await server.log()).toHaveLength(2);
    },
  );

  test('a server that trickles does not keep the pace, however alive it is', async () => {
    // To the clock the attempt takes half a minute. It is looked at when a fetch begins and when an attempt has failed.
    const clock = [0, 30_000];
    const read = () => openUrlSource(server.url('trickles', 'large'), { silenceMs: 400 }, () => clock.shift() ?? 0);
    expect((await refusalOf(read)).message).toMatch(
      /: cannot be fetched: only \d+ bytes came in 0\.6 s \(\d+ of \d+ announced bytes came\), in the only attempt$/,
    );
    expect(await server.log()).toHaveLength(1);
  });

  test('without progress for half a minute, a server is not asked again', async () => {
    const clock: number[] = [];
    const source = openUrlSource(server.url('stalls', 'another'), HASTY, () => clock.shift() ?? 0);
    await server.log();
    clock.push(0, 16_000, 32_000);
    const { message } = await refusalOf(() => source.read(1_000_000, new Uint8Array(10)));
    source.close();
    expect(message).toMatch(
      /: nothing came for 0\.3 s \(100 of \d+ announced bytes came\), in the last of 2 attempts$/,
    );
    expect(await server.log()).toHaveLength(2);
  });

  test('nobody listens', async () => {
    const nobody = createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as AddressInfo;
    nobody.close();
    expect(await refusalOf(() => openUrlSource(`http://user:word@127.0.0.1:${port}/x?token=1`, QUICK))).toEqual({
      tag: 'file',
      message: `http://127.0.0.1:${port}/x?...: cannot be fetched: ECONNREFUSED`,
    });
  });

  test('no URL', async () => {
    expect(await refusalOf(() => openUrlSource('http://me:pass/word@:x/y'))).toEqual({
      tag: 'usage',
      message: 'http://...: is not a URL',
    });
  });
});

describe('the same file every time', () => {
  test.each([
    ['good', '"version-1"'],
    ['dated', 'Tue, 24 Nov 2026 11:00:00 GMT'],
    ['weak', null],
  ])('%s: later requests ask for the version of the first', async (fault, validator) => {
    // A date is no tag that this server knows, so it sends the whole file, as for one that has changed.
    const read = () => opened(fault, 'large', (source) => source.read(1_000_000, new Uint8Array(10)));
    if (fault === 'dated') expect(read).toThrow(/no longer the one/);
    else read();
    expect((await server.log()).map(({ ifRange }) => ifRange)).toEqual([null, validator]);
  });
});

describe('whether a change would be noticed', () => {
  test.each(['good', 'dated', 'weak'])('%s: yes', (fault) =>
    opened(fault, 'small', ({ assumptions }) => expect(assumptions).toEqual([])),
  );

  test('a server that sends no validator: no, and the dump says so', async () => {
    const url = `${server.url('unversioned', 'small')}@0x80000000`;
    const dump = await openDump(url, { http: QUICK });
    dump.close();
    expect(dump.assumptions).toContainEqual({ kind: 'unchanged-on-server' });
  });
});

describe('redirects and credentials', () => {
  test('a redirect is followed once, and its target asked from then on', async () => {
    opened('moved', 'large', (source) => {
      expect(source.name).toBe(server.url('moved', 'large'));
      readRight(source, 1_000_000, 10);
    });
    const target = '/good/large?signature=secret';
    expect((await server.log()).map(({ url }) => url)).toEqual(['/moved/large', target, target]);
  });

  test('a target that is good for a while only is asked for anew', async () => {
    opened('signed', 'large', (source) => readRight(source, 1_000_000, 10));
    expect((await server.log()).map(({ url, status }) => [url, status])).toEqual([
      ['/signed/large', 302],
      ['/ticket/large?1', 206],
      ['/ticket/large?1', 403],
      ['/signed/large', 302],
      ['/ticket/large?2', 206],
    ]);
  });

  test('user name and password go to their own origin, and into no output', async () => {
    const url = server.url('secret', 'small').replace('//', '//me:p%40ss@');
    const source = openUrlSource(url, QUICK);
    expect(source.name).toBe(server.url('secret', 'small'));
    source.close();
    openUrlSource(url.replace('secret', 'to-other-origin'), QUICK).close();
    const authorization = 'Basic bWU6cEBzcw==';
    expect((await server.log()).map((asked) => [asked.url, asked.authorization])).toEqual([
      ['/secret/small', authorization],
      ['/to-other-origin/small', authorization],
      ['/good/small', null],
    ]);
  });
});

describe('names', () => {
  test.each([
    ['https://host/path/vmcore', 'https://host/path/vmcore'],
    ['HTTP://user:pass@host:8080/vmcore', 'HTTP://host:8080/vmcore'],
    ['https://user@host/a@b', 'https://host/a@b'],
    ['https://host/x?sig=1&y=2#part', 'https://host/x?...'],
    ['https://host?sig=1', 'https://host?...'],
    ['https://a:b@c:d@host/x', 'https://host/x'],
    ['https://host/x#secret', 'https://host/x'],
    ['http://me:pa/ss@host', 'http://...'],
  ])('%s is shown as %s', (url, shown) => expect(shownUrl(url)).toBe(shown));

  test.each([
    ['http://x', true],
    ['HTTPS://x', true],
    ['ftp://x', false],
    ['./http://x', false],
    ['http:/x', false],
    ['vmcore', false],
  ])('%s: a URL? %s', (name, expected) => expect(isUrl(name)).toBe(expected));

  test.each([
    [
      'https://me:pw@host/ddr0.bin@0x80000000',
      'https://me:pw@host/ddr0.bin',
      0x8000_0000,
      'https://host/ddr0.bin@0x80000000',
    ],
    ['https://host/x?sig=1@4096', 'https://host/x?sig=1', 4096, 'https://host/x?...@4096'],
    ['https://me@1234', 'https://me@1234', undefined, 'https://1234'],
    ['https://me@1234/x', 'https://me@1234/x', undefined, 'https://1234/x'],
    ['https://host/a@b', 'https://host/a@b', undefined, 'https://host/a@b'],
  ])('%s is %s at %s', (name, file, paddr, given) => expect(parseDumpName(name)).toEqual({ given, file, paddr }));
});
