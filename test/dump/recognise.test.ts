/** Files by their first bytes. Taking one for raw memory would give plausible garbage; so would the reverse. */

import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { recognise } from '../../src/dump/recognise.ts';
import { MemorySource, patternBytes } from '../support/sources.ts';

const ascii = (text: string) => [...Buffer.from(text, 'latin1')];

function formatIn(bytes: Uint8Array): string | null {
  return recognise(new MemorySource(bytes))?.format ?? null;
}

/** What a source that begins with these bytes is taken for; `behind` is what follows them. */
function formatOf(head: readonly number[], behind: readonly number[] = new Array(64).fill(0xa5)): string | null {
  return formatIn(Uint8Array.from([...head, ...behind]));
}

/** Raw memory, or a text of no kind. */
const isNoContainer = (format: string | null) => format === null || format === 'text';

const LONG: [string, number[]][] = [
  ['elf', [0x7f, ...ascii('ELF')]],
  ['kdump', ascii('KDUMP   ')],
  ['diskdump', ascii('DISKDUMP')],
  ['flattened', ascii('makedumpfile')],
  ['lime', ascii('EMiL')],
  ['avml', ascii('AVML')],
  ['lkcd', [0xed, 0x23, 0x8f, 0x61, 0x73, 0x01, 0x19, 0xa8]],
  ['hyperv', [0x14, 0x20, 0x28, 0x01]],
  ['vmware', [0xd0, 0xbe, 0xd2, 0xbe]],
  ['vmware', [0xd1, 0xba, 0xd1, 0xba]],
  ['vmware', [0xd2, 0xbe, 0xd2, 0xbe]],
  ['vmware', [0xd3, 0xbe, 0xd3, 0xbe]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, ...ascii('7zXZ'), 0]],
  ['s390', [0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xfd]],
  ['sadump', [...ascii('sadump'), 0, 0]],
  ['libvirt-save', ascii('LibvirtQemudSave')],
  ['libvirt-save', ascii('LibvirtQemudPart')],
  ['qemu-savevm', ascii('QEVM')],
  ['xen-save', ascii('Xen saved domain')],
  ['virtualbox-save', [0x7f, ...ascii('VirtualBox SavedState')]],
  ['windows', ascii('PAGEDUMP')],
  ['windows', ascii('PAGEDU64')],
  ['minidump', ascii('MDMP')],
  ...['HIBR', 'hibr', 'WAKE', 'wake', 'RSTR', 'rstr'].map((magic): [string, number[]] => ['hiberfil', ascii(magic)]),
  ['ewf', [...ascii('EVF'), 9, 13, 10, 0xff, 0]],
  ['ewf', [...ascii('EVF2'), 13, 10, 0x81, 0]],
  ['luks', [...ascii('LUKS'), 0xba, 0xbe]],
  ['journal', ascii('LPKSHHRH')],
  ['rpm', [0xed, 0xab, 0xee, 0xdb]],
  ['ar', ascii('!<arch>\n')],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['lzop', [0x89, ...ascii('LZO'), 0, 13, 10, 0x1a, 10]],
  ['lzip', [...ascii('LZIP'), 1]],
  ['snappy', [0xff, 6, 0, 0, ...ascii('sNaPpY')]],
  ['7z', [...ascii('7z'), 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [...ascii('Rar!'), 0x1a, 7]],
  ['zip', [...ascii('PK'), 3, 4]],
  ['zip', [...ascii('PK'), 5, 6]],
  ['cpio', ascii('070701')],
  ['openssl', ascii('Salted__')],
  ['age', ascii('age-encryption.org/')],
  ['qcow2', [...ascii('QFI'), 0xfb]],
  ['vmdk', ascii('KDMV')],
  ['vhdx', ascii('vhdxfile')],
  ['vhd', ascii('conectix')],
  ['android-sparse', [0x3a, 0xff, 0x26, 0xed]],
  ['android-boot', ascii('ANDROID!')],
];

describe('magics of four bytes and more', () => {
  test.each(LONG)('%s', (format, magic) => {
    expect(formatOf(magic)).toBe(format);
    expect(formatOf(magic, []), 'a file of nothing else').toBe(format);
    expect(formatOf(magic.slice(0, -1), []), 'a file that ends inside the magic').toSatisfy(isNoContainer);
    for (let i = 0; i < magic.length; i++) {
      // No two of them differ in this bit.
      expect(formatOf(magic.with(i, (magic[i] as number) ^ 0x80)), `byte ${i} is another`).toBeNull();
    }
    expect(formatOf([0, ...magic]), 'the magic not at the start').toBeNull();
  });

  test('what is not read comes with advice', () => {
    for (const [format, magic] of LONG) {
      const container = recognise(new MemorySource(Uint8Array.from(magic)));
      const isRead = ['elf', 'kdump', 'flattened', 'lime', 'avml'].includes(format);
      expect(container?.advice === undefined, format).toBe(isRead);
    }
  });
});

describe('what needs more than its first bytes', () => {
  const lzma = (dictionary: number, size: readonly number[], first = 0) => {
    const head = Buffer.alloc(64, 0xa5);
    head[0] = 0x5d;
    head.writeUInt32LE(dictionary, 1);
    head.set(size, 5);
    head[13] = first;
    return head;
  };
  const OPEN = new Array<number>(8).fill(0xff);
  test.each<[string, Buffer, string | null]>([
    ['of xz', lzma(2 ** 23, OPEN), 'lzma'],
    ['of a known size', lzma(2 ** 16, [0, 0, 1, 0, 0, 0, 0, 0]), 'lzma'],
    ['a dictionary of 3 * 2^n', lzma(3 * 2 ** 20, OPEN), 'lzma'],
    ['an odd dictionary', lzma(2 ** 23 + 2 ** 17, OPEN), null],
    ['an absurd size', lzma(2 ** 23, [0, 0, 0, 0, 0, 1, 0, 0]), null],
    ['a coder that does not begin with 0', lzma(2 ** 23, OPEN, 1), null],
  ])('lzma, %s', (_, head, format) => expect(formatIn(head)).toBe(format));

  test.each([0, 1, 6, 9])('zlib at level %i', (level) => {
    const memory = Buffer.concat([Buffer.from('EMiL'), Buffer.alloc(5000, 7)]);
    expect(formatIn(deflateSync(memory, { level }))).toBe('zlib');
    expect(formatIn(deflateSync(Buffer.from(patternBytes(5000)), { level }))).toBe('zlib');
  });

  test.each([
    ['check bits', [0x78, 0x9d, 0xed]],
    ['a dictionary given before', [0x78, 0xbb, 0xed]],
    ['a block of no type', [0x78, 0x9c, 0x07]],
    ['a stored block of two lengths', [0x78, 0x01, 0x01, 5, 0, 5, 0, 1]],
    ['too many codes', [0x78, 0x9c, 0xfd, 0x1f, 0, 0, 0, 0]],
  ])('no zlib: %s', (_, head) => expect(formatOf(head)).toBeNull());

  test('bzip2: a block, an empty file, and what only begins so', () => {
    for (const [mark, format] of [
      ['1AY&SY', 'bzip2'],
      ['\x17rE8P\x90', 'bzip2'],
      ['1AY&SX', null],
    ] as const) {
      expect(formatOf(ascii(`BZh9${mark}`)), mark).toBe(format);
    }
  });

  test('tar, with its magic and without; not with another checksum', () => {
    const head = Buffer.alloc(1024);
    head.write('vmcore');
    head.write('0000644\0', 100);
    head.write('ustar', 257);
    expect(formatIn(head)).toBe('tar');
    head.fill(0, 257, 262);
    expect(formatIn(head)).toBeNull();
    const sum = head.reduce((total, byte) => total + byte, 8 * 0x20);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(formatIn(head)).toBe('tar');
    head[0] = 0x77;
    expect(formatIn(head)).toBeNull();
  });

  test('a device tree and an IORT are files of nothing else', () => {
    const tree = Buffer.alloc(300, 0xa5);
    tree.writeUInt32BE(0xd00dfeed, 0);
    tree.writeUInt32BE(300, 4);
    expect(formatIn(tree)).toBe('dtb');
    tree.writeUInt32BE(299, 4);
    expect(formatIn(tree)).toBeNull();
    const iort = Buffer.alloc(300, 0xa5);
    iort.write('IORT');
    iort.writeUInt32LE(300, 4);
    expect(formatIn(iort)).toBe('iort');
  });

  test('images of disks whose magic stands further behind', () => {
    const vdi = Buffer.alloc(512);
    vdi.write('<<< Oracle VM VirtualBox Disk Image >>>\n');
    vdi.writeUInt32LE(0xbeda107f, 64);
    expect(formatIn(vdi)).toBe('vdi');
    const disk = Buffer.alloc(1024);
    expect(formatIn(disk)).toBeNull();
    disk.write('EFI PART', 512);
    expect(formatIn(disk)).toBe('gpt');
  });
});

describe('what people find beside a dump', () => {
  /** So many bytes of zeros with these in them. */
  const file = (byteLength: number, ...parts: readonly (readonly [at: number, bytes: readonly number[]])[]) => {
    const bytes = Buffer.alloc(byteLength);
    for (const [at, part] of parts) bytes.set(part, at);
    return bytes;
  };
  const u32 = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
  const ext = (log2Size: number, firstBlock: number, inodes = 64) =>
    file(
      4096,
      [1024, [...u32(inodes), ...u32(256)]],
      [1044, [...u32(firstBlock), ...u32(log2Size)]],
      [1080, [0x53, 0xef]],
    );
  const boot = [510, [0x55, 0xaa]] as const;
  const partition = (first: number, active = 0x80) =>
    [446, [active, 0, 0, 0, 0x83, 0, 0, 0, ...u32(first), ...u32(8)]] as const;
  const image = (byteLength: number, size: number) =>
    file(byteLength, [0, ascii('MZ')], [16, u32(size)], [56, ascii('ARMd')]);
  test.each<[string, Buffer, string | null]>([
    ['ext4, blocks of 4 KiB', ext(2, 0), 'ext'],
    ['ext2, blocks of 1 KiB', ext(0, 1), 'ext'],
    ['not its superblock: the first block is another', ext(2, 1), null],
    ['not its superblock: no inodes', ext(2, 0, 0), null],
    ['not its superblock: it ends within', ext(2, 0).subarray(0, 1500), null],
    ['XFS', file(4096, [0, ascii('XFSB')], [6, [0x10, 0]]), 'xfs'],
    ['not XFS: blocks of 3 KiB', file(4096, [0, ascii('XFSB')], [6, [0x0c, 0]]), null],
    ['squashfs', file(4096, [0, ascii('hsqs')], [28, [4, 0]]), 'squashfs'],
    ['not squashfs: no version that is known', file(4096, [0, ascii('hsqs')], [28, [5, 0]]), null],
    ['NTFS', file(4096, [3, ascii('NTFS    ')], boot), 'ntfs'],
    ['FAT16', file(4096, [54, ascii('FAT16   ')], boot), 'fat'],
    ['FAT32', file(4096, [82, ascii('FAT32   ')], boot), 'fat'],
    ['no boot sector', file(4096, [82, ascii('FAT32   ')]), null],
    ['EROFS', file(4096, [1024, u32(0xe0f5e1e2)]), 'erofs'],
    ['F2FS', file(4096, [1024, u32(0xf2f52010)]), 'f2fs'],
    ['a disk with a partition', file(8192, partition(8), boot), 'mbr'],
    ['no partition: beyond the end', file(4096, partition(8), boot), null],
    ['no partition: neither active nor not', file(8192, partition(8, 0x55), boot), null],
    ['no partition at all', file(8192, boot), null],
    ['a JPEG picture', file(512, [0, [0xff, 0xd8, 0xff, 0xe0]]), 'jpeg'],
    ['a kernel to be booted', image(8192, 0x9000), 'kernel-image'],
    ['memory that begins with a kernel', image(8192, 0x1000), null],
    ['Btrfs', file(0x10100, [0x10040, ascii('_BHRfS_M')]), 'btrfs'],
    ['not Btrfs: it ends within', file(0x10044, [0x10040, ascii('_BHR')]), null],
    ['a disc', file(0x9000, [0x8000, [1, ...ascii('CD001'), 1]]), 'iso9660'],
    ['a disc that a PC starts from', file(0x9000, boot, [0x8000, [1, ...ascii('CD001'), 1]]), 'iso9660'],
    ['not a disc: no version that is known', file(0x9000, [0x8000, [1, ...ascii('CD001'), 9]]), null],
    ['pcap', file(64, [0, [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]]), 'pcap'],
    ['pcap, of nanoseconds and the other byte order', file(64, [0, [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4]]), 'pcap'],
    ['not pcap: of no version', file(64, [0, [0xd4, 0xc3, 0xb2, 0xa1, 0, 2, 0, 4]]), null],
    ['pcapng', file(64, [0, u32(0x0a0d0d0a)], [4, u32(28)], [8, u32(0x1a2b3c4d)]), 'pcapng'],
    ['pcapng, of the other byte order', file(64, [0, u32(0x0a0d0d0a)], [7, [28]], [8, u32(0x4d3c2b1a)]), 'pcapng'],
    ['not pcapng: too short a block', file(64, [0, u32(0x0a0d0d0a)], [4, u32(8)], [8, u32(0x1a2b3c4d)]), null],
    ['perf.data', file(64, [0, ascii('PERFILE2')]), 'perf'],
    ['a uImage', file(0x1040, [0, [0x27, 0x05, 0x19, 0x56]], [12, [0, 0, 0x10, 0]]), 'uimage'],
    ['a uImage, padded', file(0x2000, [0, [0x27, 0x05, 0x19, 0x56]], [12, [0, 0, 0x10, 0]]), 'uimage'],
    ['memory that begins with a uImage', file(0x4000, [0, [0x27, 0x05, 0x19, 0x56]], [12, [0, 0, 0x10, 0]]), null],
    ['old cpio', file(512, [0, [0xc7, 0x71]], [6, [0, 0x40]], [20, [2, 0]], [26, ascii('.')]), 'cpio'],
    [
      'old cpio, of the other byte order',
      file(512, [0, [0x71, 0xc7]], [6, [0x40, 0]], [20, [0, 2]], [26, ascii('.')]),
      'cpio',
    ],
    ['not old cpio: no name', file(512, [0, [0xc7, 0x71]], [6, [0, 0x40]], [20, [2, 0]]), null],
    ['not old cpio: nothing that a file can be', file(512, [0, [0xc7, 0x71]], [20, [2, 0]], [26, ascii('.')]), null],
    ['a compressed kernel', file(4096, [0, [...ascii('MZ'), 0, 0, ...ascii('zimg')]]), 'kernel-image'],
  ])('%s', (_, bytes, format) => expect(formatIn(bytes)).toBe(format));
});

describe('text is no memory', () => {
  test.each<[string, string]>([
    ['git-lfs', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'],
    ['git-annex', '/annex/objects/SHA256E-s12345--4d7a\n'],
    ['html', '\n<!DOCTYPE html>\n<html><body>Please log in</body></html>\n'],
    ['xml', '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>'],
    ['snapshot', '{ "version": 1,\n  "smmus": [] }\n'],
    ['json', '{"IDR0": "0x0d44101b"}'],
    ['json', '[1, 2]'],
    ['kernel-log', '[    1.234567] arm-smmu-v3 9050000.smmuv3: ias 44-bit\n'],
    ['kernel-log', '<6>[    0.000000] Booting Linux\n'],
    ['kernel-log', "arm-smmu-v3 arm-smmu-v3.0.auto: kdump: adopting crashed kernel's stream table\n"],
    ['iomem', '40000000-5fffffff : System RAM\n  40210000-41ffffff : Kernel code\n'],
    ['device-tree-source', '/dts-v1/;\n/ { };\n'],
    ['acpidump', 'IORT @ 0x0000000000000000\n    0000: 49 4F 52 54  IORT\n'],
    ['capture', 'SMMU_IDR0 0x0d44101b\n'],
    ['capture', 'strtab_base=0x4000000088002000\n'],
    ['hexdump', '00000000: 4142 4344 4546 4748  ABCDEFGH\n'],
    ['hexdump', '0x2b400000: 0x0d44101b 0x02730510\n'],
    ['armored', '-----BEGIN PGP MESSAGE-----\n\nhQEMA1\n'],
    ['uuencode', 'begin 644 vmcore\nM1T1!\n'],
    ['ihex', ':10000000000102030405060708090A0B0C0D0E0F78\n'],
    ['srec', 'S00F000068656C6C6F202020202000003C\n'],
    ['base64', Buffer.from(patternBytes(400)).toString('base64')],
    [
      'base64',
      (
        Buffer.from(patternBytes(400))
          .toString('base64')
          .match(/.{1,76}/g) ?? []
      ).join('\n'),
    ],
    ['text', 'hello\n'],
    ['text', 'Grüße aus der Ferne\r\n'],
    ['text', `\x1b[1mbold\x1b[0m ${'long '.repeat(5000)}`],
    // A character of two bytes lies over the end of what is read.
    ['text', `x${'ä'.repeat(4000)}`],
  ])('%s: %j', (format, text) => {
    const found = recognise(new MemorySource(Buffer.from(text)));
    expect(found?.format).toBe(format);
    expect(found?.advice).toBeTruthy();
  });

  test('UTF-16, as some shells write it', () => {
    const log = '[    1.234567] arm-smmu-v3: ias';
    expect(formatIn(Buffer.from(`\ufeff${log}`, 'utf16le'))).toBe('kernel-log');
    expect(formatIn(Buffer.from(`\ufeff${log}`, 'utf16le').swap16())).toBe('kernel-log');
    expect(formatIn(Buffer.from(log, 'utf16le'))).toBe('kernel-log');
    expect(formatIn(Buffer.from([0xff, 0xfe, 0x00, 0x12, 0x34, 0x56]))).toBeNull();
  });

  test('one byte that no text has makes it memory', () => {
    for (const byte of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
      expect(formatIn(Buffer.from([...Buffer.from('hello, world'), byte])), `0x${byte.toString(16)}`).toBeNull();
    }
  });
});

describe('magics of two bytes, which raw memory may begin with as well', () => {
  test.each([
    ['gzip as gzip(1) writes it', [0x1f, 0x8b, 8, 0], 'gzip'],
    ['gzip with a name', [0x1f, 0x8b, 8, 8], 'gzip'],
    ['gzip with every flag there is', [0x1f, 0x8b, 8, 0x1f], 'gzip'],
    ['another method', [0x1f, 0x8b, 7, 0], null],
    ['method 0', [0x1f, 0x8b, 0, 0], null],
    ['a reserved flag', [0x1f, 0x8b, 8, 0x20], null],
    ['all reserved flags', [0x1f, 0x8b, 8, 0xe0], null],
    ['compress with 9 bits', [0x1f, 0x9d, 0x89], 'compress'],
    ['compress with 16 bits', [0x1f, 0x9d, 0x90], 'compress'],
    ['8 bits, which no compress uses', [0x1f, 0x9d, 0x88], null],
    ['17 bits', [0x1f, 0x9d, 0x91], null],
    ['a reserved bit', [0x1f, 0x9d, 0xb0], null],
    ['no block mode', [0x1f, 0x9d, 0x10], null],
    ['another second byte', [0x1f, 0x8c, 8, 0], null],
  ])('%s: %j is %s', (_, head, format) => expect(formatOf(head)).toBe(format));

  test('a file that ends inside the bytes that decide is raw', () => {
    expect(formatOf([0x1f, 0x8b], [])).toBeNull();
    expect(formatOf([0x1f, 0x8b, 8], [])).toBeNull();
    expect(formatOf([0x1f, 0x9d], [])).toBeNull();
  });
});

describe('raw memory', () => {
  test.each([
    ['zeros', new Array(16).fill(0)],
    ['ones', new Array(16).fill(0xff)],
    // An arm64 Image begins with a branch or "MZ", a device tree with its own magic.
    ['a kernel image', [0x4d, 0x5a, 0x40, 0xfa]],
    ['a device tree', [0xd0, 0x0d, 0xfe, 0xed]],
  ])('%s', (_, head) => expect(formatOf(head)).toBeNull());

  test('one read of a few bytes decides', () => {
    const source = new MemorySource(new Uint8Array(0x20000).fill(0xd5, 100));
    expect(recognise(source)).toBeNull();
    expect(source.reads).toEqual([{ offset: 0, byteLength: 4096 }]);
  });
});
