/** What people type, made into values. Every refusal is an InputError that shows the text and what was expected. */

import type { KernelVersion } from '../../adopt/devices/registration.ts';
import { addressIn, mayBeEither } from '../../dump/load-map.ts';
import { InputError } from '../../errors.ts';
import { type AskedStream, MAX_ASKED_SIDS } from '../../platform/asked-streams.ts';
import type { PciFunction } from '../../platform/stream-ids.ts';

const NUMBER = /^(0x[0-9a-f]{1,16}|[0-9]{1,20})$/i;

function number(text: string, what: string, limit: number): number {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) throw new InputError('usage', `${JSON.stringify(text)} is not ${what}`);
  if (value >= limit) throw new InputError('usage', `${JSON.stringify(text)} is too large for ${what}`);
  return value;
}

/** The items of a list, as `a, b`. Throws InputError (`usage`) where one has nothing in it; `what` is what it should be. */
export function listItems(text: string, what: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  const empty = items.indexOf('');
  if (empty < 0) return items;
  const isLast = empty === items.length - 1;
  const where = isLast ? ' behind the last comma' : empty === 0 ? ' before the first comma' : ' between two commas';
  const shown = `${JSON.stringify(text)} has nothing${items.length === 1 ? '' : where}`;
  throw new InputError('usage', `${shown} where ${what} belongs`);
}

/** A physical address below 2^52: hex with 0x, or decimal. Throws InputError (`usage`). */
export function parseAddress(text: string): number {
  const value = number(text, 'a physical address, hex (0x80000000) or decimal', 2 ** 52);
  if (addressIn(text) === null) throw new InputError('usage', `"${text}" ${mayBeEither(text, '')}`);
  return value;
}

/** `4096`, or `4k`, `16k`, `64k`. */
export function parsePageSize(text: string): number {
  const kib = /^([0-9]{1,3})k$/i.exec(text);
  return kib ? Number(kib[1]) * 1024 : number(text, 'a page size (4k, 16k or 64k)', 2 ** 20);
}

/** Which StreamIDs are meant only firmware's tables may tell: `AskedStreams` reads what this makes of a text. */
const STREAM_ID = 'a StreamID: hex (0x100), decimal, bus:device.function (01:00.0, 0000:01:00.0), or a name';
/** As `lspci` and, with the segment, `lspci -D` print it; reports write `*` for what firmware's mask leaves open. */
const PCI_ADDRESS = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{1,2}|\*):([01]?[0-9a-f]|\*)\.([0-7]|\*)$/i;
/** A path of the device tree, an object of ACPI, or the last part of either. */
const DEVICE_NAME = /^[/\\_a-z]/i;

/** `0x100,0x108`, `256-263`, `01:00.0`, `0000:01:00.0`, `/soc/usb@1`, or any mixture, in the order given. */
export function parseStreams(text: string): AskedStream[] {
  const streams: AskedStream[] = [];
  let sids = 0;
  for (const item of listItems(text, 'a StreamID')) {
    const stream = parseStream(item);
    sids += stream.kind === 'name' ? 1 : 1 + stream.last - (stream.kind === 'pci' ? stream.first.id : stream.first);
    if (sids > MAX_ASKED_SIDS) throw new InputError('usage', `a list of more than ${MAX_ASKED_SIDS} SIDs`);
    streams.push(stream);
  }
  return streams;
}

function parseStream(text: string): AskedStream {
  const [first = '', last, ...rest] = text.split('-');
  if (DEVICE_NAME.test(text) && !PCI_ADDRESS.test(first)) return { kind: 'name', text };
  if (rest.length > 0) throw new InputError('usage', `${JSON.stringify(text)} is not a range of two StreamIDs`);
  if (first === '' || last === '') throw new InputError('usage', `${JSON.stringify(text)} is not ${STREAM_ID}`);
  const from = parseAddressOrNumber(first);
  const to = last === undefined ? from : parseAddressOrNumber(last);
  const [low, high] = [from, to].map((one) => (typeof one === 'number' ? one : one.id)) as [number, number];
  if (high < low) throw new InputError('usage', `the range ${JSON.stringify(text)} ends before it starts`);
  if (typeof from === 'number' && typeof to === 'number') return { kind: 'numbers', text, first: low, last: high };
  const apart = typeof from === 'number' || typeof to === 'number' || from.segment !== to.segment;
  if (apart || (last !== undefined && from.anyBits + to.anyBits !== 0)) {
    throw new InputError('usage', `${JSON.stringify(text)} is not a range of two StreamIDs`);
  }
  return { kind: 'pci', text, first: from, last: high };
}

function parseAddressOrNumber(text: string): number | PciFunction {
  const parts = PCI_ADDRESS.exec(text);
  if (parts === null) return number(text, STREAM_ID, 2 ** 32);
  const [segment, ...fields] = parts.slice(1) as [string | undefined, string, string, string];
  const [bus, device, fn] = fields.map((field) => (field === '*' ? 0 : Number.parseInt(field, 16)));
  const [anyBus, anyDevice, anyFunction] = fields.map((field) => field === '*');
  return {
    segment: segment === undefined ? null : Number.parseInt(segment, 16),
    id: ((bus ?? 0) << 8) | ((device ?? 0) << 3) | (fn ?? 0),
    anyBits: (anyBus ? 0xff00 : 0) | (anyDevice ? 0xf8 : 0) | (anyFunction ? 7 : 0),
  };
}

/** The same where a list makes no sense. */
export function parseOneStream(text: string): AskedStream[] {
  const streams = parseStreams(text);
  // A name may have commas.
  if (streams[0]?.kind !== 'name' && (streams.length > 1 || isRange(streams[0]))) {
    throw new InputError('usage', `${JSON.stringify(text)} is more than one StreamID; inspect --sid takes several`);
  }
  return streams;
}

function isRange(stream: AskedStream | undefined): boolean {
  if (stream === undefined || stream.kind === 'name') return false;
  return stream.last > (stream.kind === 'pci' ? stream.first.id : stream.first);
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

/** A device by name with its StreamIDs; without these, what firmware calls so. */
export interface AskedDevice {
  readonly name: string;
  readonly streams: readonly AskedStream[];
}

/** What can be the name of a device of firmware's, and a slip of the pen for nothing else. */
const FIRMWARE_NAME = /^[/\\]|@|:/;

/** `nvme=0x100,0x101`, or a name that firmware's tables have: `0000:01:00.0`, `/soc/usb@1`, `usb@1`. */
export function parseDevice(text: string): AskedDevice {
  const [, name, streams] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && streams !== undefined) return { name, streams: parseStreams(streams) };
  if (text.includes('=') || !FIRMWARE_NAME.test(text)) {
    throw new InputError('usage', `${JSON.stringify(text)} is not a device: NAME=SID,SID`);
  }
  return { name: text, streams: parseStreams(text) };
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

/** `kcalloc`, `devm-action`, or the N of `memremap:N`, from 1. Throws InputError (`usage`). */
export function parseFailure(text: string): FailureName {
  if (text === 'kcalloc' || text === 'devm-action') return text;
  const [, nth] = /^memremap:([1-9][0-9]{0,6})$/.exec(text) ?? [];
  if (nth !== undefined) return Number(nth);
  throw new InputError('usage', `${JSON.stringify(text)} cannot be made to fail: kcalloc, devm-action, memremap:N`);
}

/** A count from 1 on. */
export function parseCount(text: string): number {
  const value = number(text, 'a number from 1 on', 2 ** 16);
  if (value < 1) throw new InputError('usage', `${JSON.stringify(text)} is not a number from 1 on`);
  return value;
}

const UNITS_OF_TIME: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

/** `90`, `90s`, `10m`, `2h`, as seconds. */
export function parseSeconds(text: string): number {
  const [, value = '', unit = ''] = /^([0-9]{1,6}(?:\.[0-9]{1,3})?)(s|m|h|)$/.exec(text) ?? [];
  const seconds = Number(value) * (UNITS_OF_TIME[unit] ?? 0);
  // Timers of Node take no more than 2^31 ms.
  if (value !== '' && seconds > 0 && seconds < 2 ** 31 / 1000) return seconds;
  throw new InputError('usage', `${JSON.stringify(text)} is not a time of up to 24 days: 90s, 10m, 2h`);
}

/** `512M`, `4G`, or bytes. */
export function parseByteLength(text: string): number {
  const [, value = '', unit = ''] = /^([0-9]{1,15})([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const byteLength = Number(value) * 1024 ** ' KMGT'.indexOf(unit === '' ? ' ' : unit.toUpperCase());
  // Less than this holds not even the program.
  if (value !== '' && byteLength >= 2 ** 26 && byteLength < 2 ** 50) return byteLength;
  throw new InputError('usage', `${JSON.stringify(text)} is not a size from 64M on: 512M, 4G`);
}

/** The name of a file, with `*` for any part of it. */
export function parseNamePattern(text: string): RegExp {
  if (text === '' || text.length > 200 || text.includes('/')) {
    throw new InputError('usage', `${JSON.stringify(text)} is not the name of a file: vmcore, *.elf`);
  }
  // One star less than any text needs, so that no name takes long.
  const parts = text.replace(/\*+/g, '*').split('*');
  return new RegExp(`^${parts.map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's');
}
