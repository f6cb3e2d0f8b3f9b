/**
 * A server of files on 127.0.0.1, with every fault that servers have. A process of its own, because the tests sleep
 * while they wait for it: `node range-server.mjs FOLDER` prints its port and ends when its stdin does.
 *
 * `/good/name` is the file `name` of the folder. Other first steps are faults by name, each counted for each path.
 * `/log` answers and forgets what was asked for.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
/** Longer than any test file takes on the busiest machine. */
const LIFETIME_MS = 3_600_000;

let log = [];
const counts = new Map();
const tickets = new Set();

/** What is sent unless a fault changes it. */
function plan(request, bytes) {
  const etag = '"version-1"';
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const validator = request.headers['if-range'];
  const start = Number(first);
  const end = Math.min(Number(last) + 1, bytes.length);
  if (first === undefined || (validator !== undefined && validator !== etag)) {
    return { status: 200, headers: { etag, 'content-length': bytes.length }, body: bytes };
  }
  if (start >= bytes.length) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` }, body: '' };
  const body = bytes.subarray(start, end);
  const range = `bytes ${start}-${end - 1}/${bytes.length}`;
  return { status: 206, headers: { etag, 'content-range': range, 'content-length': body.length }, body };
}

/** Each changes the plan for the `n`-th request of a path, from 1 on, or answers by itself and returns nothing. */
const faults = {
  good: (normal) => normal,
  whole: (normal, _n, { bytes }) => ({ ...normal, status: 200, headers: {}, body: bytes }),
  missing: () => ({ status: 404, headers: {}, body: 'no' }),
  empty: () => ({ status: 416, headers: { 'content-range': 'bytes */0' }, body: '' }),
  busy: (normal, n) => (n === 2 || n === 3 ? { status: 503, headers: {}, body: '' } : normal),
  'cut-once': (normal, n) => (n === 2 ? { ...normal, cutAt: normal.body.length >> 1 } : normal),
  'cut-always': (normal, n) => (n > 1 ? { ...normal, cutAt: 100 } : normal),
  'closed-once': (normal, n, { response }) => (n === 2 ? void response.socket.destroy() : normal),
  'closed-always': (_normal, _n, { response }) => void response.socket.destroy(),
  changes: (normal, n, { request, bytes }) =>
    n > 1 ? { ...plan({ headers: { ...request.headers, 'if-range': 'other' } }, bytes) } : normal,
  'changes-silently': (normal, n) => ({ ...normal, headers: { ...normal.headers, etag: `"version-${n}"` } }),
  grows: (normal, n) => ({
    ...normal,
    headers: { ...normal.headers, 'content-range': normal.headers['content-range'].replace(/\d+$/, (m) => +m + n) },
  }),
  dated: (normal) => {
    const { etag: _, ...headers } = normal.headers;
    return { ...normal, headers: { ...headers, 'last-modified': 'Tue, 24 Nov 2026 11:00:00 GMT' } };
  },
  unversioned: (normal) => {
    const { etag: _, ...headers } = normal.headers;
    return { ...normal, headers };
  },
  weak: (normal) => ({ ...normal, headers: { ...normal.headers, etag: 'W/"1"' } }),
  moved: (_normal, _n, { name }) => ({
    status: 302,
    headers: { location: `../good/${name}?signature=secret` },
    body: '',
  }),
  circle: (_normal, _n, { name }) => ({ status: 307, headers: { location: `/circle/${name}` }, body: '' }),
  'to-file': () => ({ status: 302, headers: { location: 'file:///etc/passwd' }, body: '' }),
  'to-nowhere': () => ({ status: 302, headers: {}, body: '' }),
  'to-missing': (_normal, _n, { name }) => ({ status: 302, headers: { location: `/missing/${name}` }, body: '' }),
  /** Leads to a place that is good for one request. */
  signed: (_normal, n, { name }) => ({ status: 302, headers: { location: `/ticket/${name}?${n}` }, body: '' }),
  ticket: (normal, _n, { request }) => {
    const spent = tickets.has(request.url);
    tickets.add(request.url);
    return spent ? { status: 403, headers: {}, body: 'expired' } : normal;
  },
  /** The same server by another name is another origin. */
  'to-other-origin': (_normal, _n, { request, name }) => ({
    status: 302,
    headers: { location: `http://localhost:${request.socket.localPort}/good/${name}` },
    body: '',
  }),
  secret: (normal, _n, { request }) =>
    request.headers.authorization === `Basic ${Buffer.from('me:p@ss').toString('base64')}`
      ? normal
      : { status: 401, headers: {}, body: '' },
  silent: () => undefined,
  stalls: (normal, n, { response }) => {
    if (n === 1) return normal;
    response.writeHead(normal.status, normal.headers);
    response.write(normal.body.subarray(0, 100));
  },
  trickles: (normal, _n, { response }) => {
    response.writeHead(normal.status, normal.headers);
    let sent = 0;
    const timer = setInterval(() => response.write(normal.body.subarray(sent++, sent)), 20);
    response.on('close', () => clearInterval(timer));
  },
  'less-than-announced': (normal) => {
    const body = normal.body.subarray(0, 100);
    return { ...normal, headers: { ...normal.headers, 'content-length': 100 }, body };
  },
  'more-than-announced': (normal) => {
    const { 'content-length': _, ...headers } = normal.headers;
    return { ...normal, headers, body: Buffer.concat([normal.body, Buffer.alloc(1000)]) };
  },
  'other-range': (normal) => ({
    ...normal,
    headers: { ...normal.headers, 'content-range': normal.headers['content-range'].replace(/ \d+/, ' 7') },
  }),
  'beyond-the-end': (normal) => ({
    ...normal,
    headers: { ...normal.headers, 'content-range': normal.headers['content-range'].replace(/\d+$/, '10') },
  }),
  'no-length': (normal) => ({
    ...normal,
    headers: { ...normal.headers, 'content-range': normal.headers['content-range'].replace(/\d+$/, '*') },
  }),
  'no-range': (normal) => ({ ...normal, headers: { etag: normal.headers.etag } }),
  compressed: (normal) => ({ ...normal, headers: { ...normal.headers, 'content-encoding': 'gzip' } }),
  /** Never more than 64 KiB, or 10 bytes, of what was asked for. */
  'in-parts': (_normal, _n, context) => shorter(context, 65536),
  'in-crumbs': (_normal, _n, context) => shorter(context, 10),
};

function shorter({ request, bytes }, most) {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range) ?? [];
  const end = Math.min(Number(last), Number(first) + most - 1);
  return plan({ headers: { ...request.headers, range: `bytes=${first}-${end}` } }, bytes);
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://here');
  if (pathname === '/log') {
    response.end(JSON.stringify(log));
    log = [];
    return;
  }
  const [, fault] = pathname.split('/');
  const name = basename(pathname);
  const bytes = readFileSync(join(folder, name));
  const n = (counts.get(pathname) ?? 0) + 1;
  counts.set(pathname, n);
  const { range = null, 'if-range': ifRange = null, authorization = null } = request.headers;
  const entry = { url: request.url, range, ifRange, authorization, status: null };
  log.push(entry);
  const answer = faults[fault]?.(plan(request, bytes), n, { request, response, bytes, name });
  if (answer === undefined) return;
  const { status, headers, body, cutAt } = answer;
  entry.status = status;
  response.writeHead(status, headers);
  if (cutAt === undefined) response.end(body);
  else response.write(body.subarray(0, cutAt), () => response.socket.destroy());
});

// However long a test takes between two requests: a connection that is closed just as it is used again fails the test.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
const end = () => process.exit();
process.stdin.on('end', end).resume();
setTimeout(end, LIFETIME_MS).unref();
