/**
 * The bytes by which files are known, as their formats' descriptions or their writers have them: the containers that are
 * read, and those that people give by mistake, each with what to do next.
 */

/** A file that begins with known bytes. */
export interface Container {
  readonly format: string;
  /** With its article. */
  readonly title: string;
  /** What to do about one that is not read here; left out for one that is. */
  readonly advice?: string;
}

export interface Signature extends Container {
  /** Bytes, or as many characters of Latin-1. */
  readonly begins: string | readonly number[];
  /** Where these bytes stand; at 0 when left out. */
  readonly at?: number;
  /** For bytes that are too few to be sure: what else has to hold of the first 4 KiB, in a file of this length. */
  readonly also?: (head: Buffer, byteLength: number) => boolean;
}

type Row = readonly [format: string, title: string, begins: string | readonly number[], also?: Signature['also']];

function rows(advice: string | ((format: string) => string) | undefined, list: readonly Row[], at = 0): Signature[] {
  return list.map(([format, title, begins, also]) => ({
    format,
    title,
    begins,
    at,
    ...(advice === undefined ? {} : { advice: typeof advice === 'string' ? advice : advice(format) }),
    ...(also === undefined ? {} : { also }),
  }));
}

const unpack = (command: string) => `unpack it first: ${command}`;
const LIVE_DUMP =
  'it is no plain memory; for a dump of the running guest: virsh dump --memory-only, or QEMU dump-guest-memory';
const DISK = 'it is the image of a disk, not of memory; the dump is a file inside it, perhaps below /var/crash';
const FILES = 'it is no memory; the dump is a file inside it, perhaps below /var/crash: mount it';
const NO_MEMORY = 'it is no memory; give the RAM dump';
const WINDOWS = 'a dump of Linux is needed';
const TO_ELF = 'turn it into an ELF core first: makedumpfile -E -x vmlinux';

/** Containers that are read. */
export const READ: readonly Signature[] = rows(undefined, [
  ['elf', 'an ELF file', '\x7fELF'],
  ['kdump', 'a kdump-compressed dump', 'KDUMP   '],
  ['flattened', 'a flattened dump', 'makedumpfile'],
  ['lime', 'a LiME dump', 'EMiL'],
  ['avml', 'an AVML dump', 'AVML'],
]);

const DUMPS_OF_OTHER_KINDS: Signature[] = [
  ...rows(TO_ELF, [
    ['diskdump', 'an old diskdump', 'DISKDUMP'],
    ['sadump', 'a dump of sadump', 'sadump\0\0'],
  ]),
  ...rows('give the .vmem file with the addresses of its regions', [
    ['vmware', 'a VMware snapshot', [0xd0, 0xbe, 0xd2, 0xbe]],
    ['vmware', 'a VMware snapshot', [0xd1, 0xba, 0xd1, 0xba]],
    ['vmware', 'a VMware snapshot', [0xd2, 0xbe, 0xd2, 0xbe]],
    ['vmware', 'a VMware snapshot', [0xd3, 0xbe, 0xd3, 0xbe]],
  ]),
  ...rows('open it with crash and write its memory out', [
    ['lkcd', 'an LKCD dump', [0xed, 0x23, 0x8f, 0x61, 0x73, 0x01, 0x19, 0xa8]],
    ['s390', 'an s390 dump', [0xa8, 0x19, 0x01, 0x73, 0x61, 0x8f, 0x23, 0xfd]],
  ]),
  ...rows('turn it into a memory dump first, with the vmsavedstatedump library of the Windows SDK', [
    ['hyperv', 'a Hyper-V saved state', [0x14, 0x20, 0x28, 0x01]],
  ]),
  ...rows(LIVE_DUMP, [
    ['libvirt-save', 'a saved guest of `virsh save`', 'LibvirtQemudSave'],
    ['libvirt-save', 'an unfinished `virsh save`', 'LibvirtQemudPart'],
    ['qemu-savevm', 'a migration stream of QEMU', 'QEVM'],
    ['xen-save', 'a saved guest of Xen', 'Xen saved domain'],
    ['xen-save', 'a saved guest of Xen', 'LinuxGuestRecord'],
    ['virtualbox-save', 'a saved guest of VirtualBox', '\x7fVirtualBox SavedState'],
  ]),
  ...rows(WINDOWS, [
    ['windows', 'a crash dump of Windows (32-bit)', 'PAGEDUMP'],
    ['windows', 'a crash dump of Windows', 'PAGEDU64'],
    ['minidump', 'a minidump of Windows', 'MDMP'],
    ['hiberfil', 'a hibernation file of Windows', 'HIBR'],
    ['hiberfil', 'a hibernation file of Windows', 'hibr'],
    ['hiberfil', 'a hibernation file of Windows', 'WAKE'],
    ['hiberfil', 'a hibernation file of Windows', 'wake'],
    ['hiberfil', 'a hibernation file of Windows', 'RSTR'],
    ['hiberfil', 'a hibernation file of Windows', 'rstr'],
  ]),
  ...rows('write the memory in it out as raw memory first', [
    ['ewf', 'an EnCase image', 'EVF\x09\x0d\x0a\xff\0'],
    ['ewf', 'an EnCase image', 'EVF2\x0d\x0a\x81\0'],
    ['hpak', 'an HPAK file', 'HPAK'],
  ]),
];

/** Of a block, and of the end of an empty file: the digits of pi and of its square root. */
const BZIP2_MARKS: readonly string[] = ['1AY&SY', '\x17rE8P\x90'];

const UNPACK: Readonly<Record<string, string>> = {
  gzip: 'gzip -d',
  zstd: 'zstd -d',
  xz: 'xz -d',
  compress: 'uncompress',
  bzip2: 'bzip2 -d',
  lz4: 'lz4 -d',
  lzop: 'lzop -d',
  lzip: 'lzip -d',
  lzma: 'xz --format=lzma -d',
  snappy: 'snzip -d',
  '7z': '7z x',
  rar: 'unrar x',
  zip: 'unzip',
  cpio: 'cpio -i',
  rpm: 'rpm2cpio FILE | cpio -id',
  ar: 'ar x',
  age: 'age -d',
  openssl: 'openssl enc -d, with the cipher and the key it was made with',
  zlib: 'zlib-flate -uncompress, or pigz -dz',
};

/** What is to be unpacked first. */
export const PACKED: readonly Signature[] = [
  ...rows(
    (format) => unpack(UNPACK[format] as string),
    [
      // RFC 1952: method 8 is the only one, and the upper flag bits are reserved as zero.
      ['gzip', 'a gzip file', [0x1f, 0x8b], (head) => head[2] === 8 && ((head[3] ?? 0xff) & 0xe0) === 0],
      ['zstd', 'a zstd file', [0x28, 0xb5, 0x2f, 0xfd]],
      ['xz', 'an xz file', '\xfd7zXZ\0'],
      // Block mode bit, two reserved bits, and a code width of 9 to 16 bits.
      [
        'compress',
        'a compress(1) file',
        [0x1f, 0x9d],
        ({ 2: bits = 0 }) => (bits & 0xe0) === 0x80 && (bits & 0x1f) >= 9 && (bits & 0x1f) <= 16,
      ],
      ['bzip2', 'a bzip2 file', 'BZh', (head) => BZIP2_MARKS.includes(head.toString('latin1', 4, 10))],
      ['lz4', 'an lz4 file', [0x04, 0x22, 0x4d, 0x18]],
      ['lz4', 'an lz4 file', [0x02, 0x21, 0x4c, 0x18]],
      ['lzop', 'an lzop file', '\x89LZO\0\r\n\x1a\n'],
      ['lzip', 'an lzip file', 'LZIP\x01'],
      ['lzma', 'an lzma file', [0x5d, 0, 0], isLzma],
      ['snappy', 'a file of framed snappy', '\xff\x06\0\0sNaPpY'],
      ['7z', 'a 7-Zip archive', '7z\xbc\xaf\x27\x1c'],
      ['rar', 'a RAR archive', 'Rar!\x1a\x07'],
      ['zip', 'a zip archive', 'PK\x03\x04'],
      ['zip', 'a zip archive', 'PK\x05\x06'],
      ['zip', 'a zip archive', 'PK\x07\x08'],
      ['cpio', 'a cpio archive', '070701'],
      ['cpio', 'a cpio archive', '070702'],
      ['cpio', 'a cpio archive', '070707'],
      ['cpio', 'a cpio archive', [0xc7, 0x71], (head) => isOldCpio(head, 'le')],
      ['cpio', 'a cpio archive', [0x71, 0xc7], (head) => isOldCpio(head, 'be')],
      ['rpm', 'an RPM package', [0xed, 0xab, 0xee, 0xdb]],
      ['ar', 'an ar archive, as Debian packages are', '!<arch>\n'],
      ['openssl', 'a file that openssl encrypted', 'Salted__'],
      ['age', 'a file that age encrypted', 'age-encryption.org/'],
      ['zlib', 'a zlib stream, as LiME with compress=1 writes', [0x78], isZlib],
    ],
  ),
  // A frame that decompressors skip; what matters comes behind it.
  ...Array.from({ length: 16 }, (_, i) => i).flatMap((i) =>
    rows(unpack('zstd -d, or lz4 -d'), [['zstd', 'a zstd or lz4 file', [0x50 + i, 0x2a, 0x4d, 0x18]]]),
  ),
  ...rows(unpack('tar -x'), [['tar', 'a tar archive', 'ustar']], 257),
  ...rows(unpack('tar -x'), [['tar', 'a tar archive', [], isTarHeader]]),
];

const IMAGES: Signature[] = [
  ...rows(DISK, [
    ['qcow2', 'a qcow2 image', 'QFI\xfb'],
    ['vmdk', 'a VMDK image', 'KDMV'],
    ['vmdk', 'a VMDK image', 'COWD'],
    ['vmdk', 'a VMDK descriptor', '# Disk DescriptorFile'],
    ['vhdx', 'a VHDX image', 'vhdxfile'],
    ['vhd', 'a VHD image', 'conectix'],
  ]),
  ...rows(DISK, [['vdi', 'a VDI image', [0x7f, 0x10, 0xda, 0xbe]]], 64),
  ...rows(DISK, [['gpt', 'an image of a disk', 'EFI PART']], 512),
  ...rows('unlock it first: cryptsetup open', [['luks', 'an encrypted volume (LUKS)', 'LUKS\xba\xbe']]),
  ...rows(FILES, [['ext', 'a file system (ext2, ext3 or ext4)', [0x53, 0xef], isExt]], 1024 + 56),
  ...rows(FILES, [
    ['xfs', 'a file system (XFS)', 'XFSB', (head) => head.length > 8 && isPowerOfTwo(head.readUInt32BE(4))],
    ['squashfs', 'a file system (squashfs)', 'hsqs', (head) => head.length > 30 && head.readUInt16LE(28) === 4],
  ]),
  ...rows(FILES, [['ntfs', 'a file system (NTFS)', 'NTFS    ', isBootSector]], 3),
  ...rows(FILES, [['fat', 'a file system (FAT)', 'FAT', isBootSector]], 54),
  ...rows(FILES, [['fat', 'a file system (FAT)', 'FAT32   ', isBootSector]], 82),
  ...rows(
    FILES,
    [
      ['erofs', 'a file system (EROFS)', [0xe2, 0xe1, 0xf5, 0xe0]],
      ['f2fs', 'a file system (F2FS)', [0x10, 0x20, 0xf5, 0xf2]],
    ],
    1024,
  ),
  ...rows(DISK, [['mbr', 'an image of a disk', [0x55, 0xaa], hasPartitions]], 510),
  ...rows('unpack it first: simg2img', [['android-sparse', 'an Android sparse image', [0x3a, 0xff, 0x26, 0xed]]]),
  ...rows(NO_MEMORY, [
    ['android-boot', 'an Android boot image', 'ANDROID!'],
    ['android-boot', 'an Android vendor boot image', 'VNDRBOOT'],
    ['sqlite', 'an SQLite database', 'SQLite format 3\0'],
    ['pdf', 'a PDF document', '%PDF-'],
    ['png', 'a PNG picture', '\x89PNG\r\n\x1a\n'],
    ['jpeg', 'a JPEG picture', [0xff, 0xd8, 0xff], (head) => (head[3] ?? 0) >= 0xc0],
    // Microseconds and nanoseconds, of either byte order; all are of version 2.4.
    ['pcap', 'captured packets (pcap)', [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]],
    ['pcap', 'captured packets (pcap)', [0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0]],
    ['pcap', 'captured packets (pcap)', [0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4]],
    ['pcap', 'captured packets (pcap)', [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4]],
    ['pcapng', 'captured packets (pcapng)', '\n\r\r\n', isPcapng],
    ['perf', 'a recording of perf (perf.data)', 'PERFILE2'],
    ['perf', 'a recording of perf (perf.data)', '2ELIFREP'],
  ]),
  // A boot loader may have left it at the start of memory: only a file of nothing else is one.
  ...rows(NO_MEMORY, [['uimage', 'a kernel or a disk to be booted (uImage)', [0x27, 0x05, 0x19, 0x56], isUimage]]),
  // The same bytes begin the kernel in memory: only a file that ends before the kernel's variables do is no more than it.
  ...rows(NO_MEMORY, [['kernel-image', 'a kernel to be booted (Image)', 'ARMd', isBootImage]], 56),
  ...rows(NO_MEMORY, [['kernel-image', 'a kernel to be booted (vmlinuz)', 'zimg', (head) => head[0] === 0x4d]], 4),
  ...rows('the kernel log in it is text that --dmesg takes: journalctl --file FILE -k', [
    ['journal', 'a journal of systemd', 'LPKSHHRH'],
  ]),
  // These two may begin raw memory as well: only a file of nothing else is one.
  ...rows('give it with --dtb FILE beside a dump', [
    [
      'dtb',
      'a device tree',
      [0xd0, 0x0d, 0xfe, 0xed],
      (head, byteLength) => head.length > 8 && head.readUInt32BE(4) === byteLength,
    ],
  ]),
  ...rows('give it with --iort FILE beside a dump', [
    ['iort', 'an ACPI table', 'IORT', (head, byteLength) => head.length > 8 && head.readUInt32LE(4) === byteLength],
  ]),
];

/** In order: the first that fits is it. */
export const SIGNATURES: readonly Signature[] = [...READ, ...DUMPS_OF_OTHER_KINDS, ...PACKED, ...IMAGES];

/** The same for those whose bytes stand behind the first 4 KiB. */
export const FARTHER_SIGNATURES: readonly Signature[] = [
  ...rows(FILES, [['btrfs', 'a file system (Btrfs)', '_BHRfS_M']], 0x10040),
  ...rows(FILES, [['iso9660', 'an image of a disc (ISO 9660)', '\x01CD001\x01']], 0x8000),
];

/** From before cpio was text: numbers of 16 bits, the length of the first name among them, and the name itself. */
function isOldCpio(head: Buffer, order: 'le' | 'be'): boolean {
  if (head.length < 28) return false;
  const number = (at: number) => (order === 'le' ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const [type, nameLength] = [number(6) >>> 12, number(20)];
  if (![1, 2, 4, 6, 8, 10, 12].includes(type) || nameLength < 2 || nameLength > 1024) return false;
  return /^[\x20-\x7e\x80-\xff]+\0$/.test(head.toString('latin1', 26, 26 + nameLength));
}

/** The first block says in which order its numbers are, and its length at either end: a multiple of 4. */
function isPcapng(head: Buffer): boolean {
  if (head.length < 28) return false;
  const magic = head.readUInt32LE(8);
  const length = magic === 0x1a2b3c4d ? head.readUInt32LE(4) : magic === 0x4d3c2b1a ? head.readUInt32BE(4) : 0;
  return length >= 28 && length % 4 === 0;
}

/** A header of 64 bytes and as many as it counts; those of flash memory are padded to a page. */
function isUimage(head: Buffer, byteLength: number): boolean {
  if (head.length < 64) return false;
  const behind = byteLength - 64 - head.readUInt32BE(12);
  return behind >= 0 && behind < 4096;
}

/** .lzma has no magic: usual properties, a dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size that is open or below 2^40. */
function isLzma(head: Buffer): boolean {
  if (head.length < 14) return false;
  const dictionary = head.readUInt32LE(1);
  const one = 2 ** (31 - Math.clz32(dictionary));
  const [low, high] = [head.readUInt32LE(5), head.readUInt32LE(9)];
  const open = low === 0xffff_ffff && high === 0xffff_ffff;
  return (dictionary === one || dictionary === one * 1.5) && (open || high < 2 ** 8) && head[13] === 0;
}

/** RFC 1950 and 1951: the check bits of the header, no preset dictionary, and a first block that can be one. */
function isZlib(head: Buffer): boolean {
  const [method = 0, flags = 0, first = 0] = head;
  if ((method * 256 + flags) % 31 !== 0 || (flags & 0x20) !== 0 || head.length < 8) return false;
  const type = (first >>> 1) & 3;
  if (type === 0) return (head.readUInt16LE(3) ^ head.readUInt16LE(5)) === 0xffff;
  // At most 286 literal and length codes and 30 distance codes.
  if (type === 2) return first >>> 3 <= 29 && ((head[3] ?? 0xff) & 0x1f) <= 29;
  return type === 1;
}

/** From before tar had a magic: a header whose checksum is right, which is its bytes added, its own taken as spaces. */
function isTarHeader(head: Buffer): boolean {
  if (head.length < 512 || head[0] === 0) return false;
  const claimed = /^ *([0-7]+)[\0 ]/.exec(head.toString('latin1', 148, 156))?.[1];
  if (claimed === undefined) return false;
  const spaces = 8 * 0x20;
  const others = [...head.subarray(0, 148), ...head.subarray(156, 512)];
  return others.reduce((sum, byte) => sum + byte, spaces) === Number.parseInt(claimed, 8);
}

function isPowerOfTwo(number: number): boolean {
  return number !== 0 && (number & (number - 1)) === 0;
}

/** The superblock of ext2: counts of inodes and blocks, blocks of 1 to 64 KiB, and the first block to be expected by these. */
function isExt(head: Buffer): boolean {
  if (head.length < 2048) return false;
  const [inodes, blocks, firstBlock, log2Size] = [0, 4, 20, 24].map((at) => head.readUInt32LE(1024 + at));
  return inodes !== 0 && blocks !== 0 && (log2Size as number) <= 6 && firstBlock === Number(log2Size === 0);
}

/** What firmware of PCs starts ends its first sector with this. */
export function isBootSector(head: Buffer): boolean {
  return head.length >= 512 && head.readUInt16LE(510) === 0xaa55;
}

/** Four entries of 16 bytes: active or not, and the type, the first sector and the number of sectors where it is used. */
function hasPartitions(head: Buffer, byteLength: number): boolean {
  const sectors = Math.ceil(byteLength / 512);
  const entries = [0, 1, 2, 3].map((i) => head.subarray(446 + 16 * i, 462 + 16 * i));
  const isUsed = (entry: Buffer) => entry[4] !== 0;
  const fits = (entry: Buffer) => {
    const [first, count] = [entry.readUInt32LE(8), entry.readUInt32LE(12)];
    return first > 0 && first < sectors && count > 0;
  };
  return (
    entries.every((entry) => entry[0] === 0 || entry[0] === 0x80) &&
    entries.some(isUsed) &&
    entries.every((entry) => (isUsed(entry) ? fits(entry) : entry.every((byte) => byte === 0)))
  );
}

/** The size in the header counts the kernel's zeroed variables, which the file leaves away. */
function isBootImage(head: Buffer, byteLength: number): boolean {
  if (head.length < 64) return false;
  const size = head.readBigUInt64LE(16);
  return size >= BigInt(byteLength) && size < 1n << 32n;
}
