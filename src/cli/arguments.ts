/** What people type, made into values. Every refusal is an InputError that shows the text and what was expected. */

import type { KernelVersion } from '../adopt/registration.ts';
import { InputError } from '../errors.ts';

const NUMBER = /^(0x[0-9a-f]{1,16}|[0-9]{1,20})$/i;

function number(text: string, what: string, limit: number): number {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new InputError('usage', `${JSON.stringify(text)} is not ${what}`);
  if (value >= limit) throw new InputError('usage', `${JSON.stringify(text)} is too large for ${what}`);
  return value;
}

export function parseAddress(text: string): number {
  return number(text, 'a physical address, hex (0x80000000) or decimal', 2 ** 52);
}

/** `4096`, or `4k`, `16k`, `64k`. */
export function parsePageSize(text: string): number {
  const kib = /^([0-9]{1,3})k$/i.exec(text);
  return kib ? Number(kib[1]) * 1024 : number(text, 'a page size (4k, 16k or 64k)', 2 ** 20);
}

/** A list can name ranges; this many StreamIDs is more than anybody means. */
const MAX_SIDS = 1 << 16;

/** `0x100,0x108`, `256-263`, `01:00.0`, or any mixture, in the order given. */
export function parseSids(text: string): number[] {
  const sids: number[] = [];
  for (const item of text.split(',').map((part) => part.trim())) {
    const [first = '', last, ...rest] = item.split('-');
    if (rest.length > 0) throw new InputError('usage', `${JSON.stringify(item)} is not a range of two StreamIDs`);
    const from = parseSid(first);
    const to = last === undefined ? from : parseSid(last);
    if (to < from) throw new InputError('usage', `the range ${JSON.stringify(item)} ends before it starts`);
    if (sids.length + (to - from) >= MAX_SIDS) throw new InputError('usage', `a list of more than ${MAX_SIDS} SIDs`);
    for (let sid = from; sid <= to; sid++) sids.push(sid);
  }
  return sids;
}

function parseSid(text: string): number {
  const bdf = /^([0-9a-f]{1,2}):([01]?[0-9a-f])\.([0-7])$/i.exec(text);
  if (bdf === null) return number(text, 'a StreamID: hex (0x100), decimal, or bus:device.function (01:00.0)', 2 ** 32);
  const [bus = 0, device = 0, fn = 0] = bdf.slice(1).map((part) => Number.parseInt(part, 16));
  return (bus << 8) | (device << 3) | fn;
}

/** The same where a list makes no sense. */
export function parseOneSid(text: string): number {
  const [sid, ...more] = parseSids(text);
  if (sid === undefined || more.length > 0) {
    throw new InputError('usage', `${JSON.stringify(text)} is more than one StreamID; inspect --sid takes several`);
  }
  return sid;
}

/** A SubstreamID has 20 bits. */
export function parseSsid(text: string): number {
  return number(text, 'a SubstreamID, hex or decimal, of at most 20 bits', 2 ** 20);
}

/** An input address of a device has up to 64 bits. */
export function parseIova(text: string): bigint {
  const value = NUMBER.test(text) ? BigInt(text) : -1n;
  if (value < 0n) throw new InputError('usage', `${JSON.stringify(text)} is not an input address, hex or decimal`);
  if (value >= 1n << 64n) throw new InputError('usage', `${JSON.stringify(text)} is too large for an input address`);
  return value;
}

/** `nvme=0x100,0x101`: a device by name with its StreamIDs. */
export function parseDevice(text: string): { name: string; sids: number[] } {
  const [, name, sids] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || sids === undefined) {
    throw new InputError('usage', `${JSON.stringify(text)} is not a device: NAME=SID,SID`);
  }
  return { name, sids: parseSids(sids) };
}

/** `6.12`, or the whole release of a kernel: `6.12.107+deb13-arm64`. */
export function parseKernel(text: string): KernelVersion {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,4})(?![\d])/.exec(text) ?? [];
  if (major === undefined || minor === undefined) {
    throw new InputError('usage', `${JSON.stringify(text)} is not a kernel version: 6.12, or 7.2.13-something`);
  }
  return { major: Number(major), minor: Number(minor) };
}

/** Physical address bits: what arm64 kernels are built for lies between 32 and 52. */
export function parsePaBits(text: string): number {
  const bits = number(text, 'a number of address bits', 53);
  if (bits < 32) throw new InputError('usage', `${JSON.stringify(text)} address bits are too few: 32 to 52`);
  return bits;
}

/** What is made to fail; a number is the n-th mapping. */
export type FailureName = 'kcalloc' | 'devm-action' | number;

export function parseFailure(text: string): FailureName {
  if (text === 'kcalloc' || text === 'devm-action') return text;
  const [, nth] = /^memremap:([1-9][0-9]{0,6})$/.exec(text) ?? [];
  if (nth !== undefined) return Number(nth);
  throw new InputError('usage', `${JSON.stringify(text)} cannot be made to fail: kcalloc, devm-action, memremap:N`);
}
