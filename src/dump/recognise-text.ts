/** What is a text that was given as a dump, and what is it good for? Text is no memory, whatever it says. */

import { wideEncoding } from '../wide-encoding.ts';
import type { Container } from './signatures.ts';

/** How far into a text its kind may show. */
const SEEN_CHARACTERS = 4096;

interface TextKind {
  readonly format: string;
  readonly title: string;
  readonly advice: string;
  readonly looks: RegExp;
}

const AGAIN = 'a server sent it in place of the dump, an error or log-in page perhaps: look at it, then download again';
const IMPORT = 'smmu-adopt regs import FILE --base ADDRESS -o regs.json, then --regs regs.json beside a dump';
const REGISTERS =
  'STRTAB_BASE(?:_CFG)?|IDR[0-5]|CR0(?:ACK)?|CR[12]|GBPA|GERRORN?|(?:CMDQ|EVENTQ|PRIQ)_(?:BASE|PROD|CONS)';

/** In order: the first that fits is it. */
const KINDS: readonly TextKind[] = [
  {
    format: 'git-lfs',
    title: 'a Git LFS pointer',
    advice: 'it only stands for the dump: git lfs pull',
    looks: /^version https:\/\/git-lfs\.github\.com\/spec\//,
  },
  {
    format: 'git-annex',
    title: 'a git-annex pointer',
    advice: 'it only stands for the dump: git annex get',
    looks: /^\/annex\/objects\//,
  },
  { format: 'html', title: 'an HTML page', advice: AGAIN, looks: /^\s*<(?:!doctype\s+html|html|head|body|title)\b/i },
  { format: 'xml', title: 'an XML document', advice: AGAIN, looks: /^\s*<[?!a-z]/i },
  {
    format: 'kernel-log',
    title: 'a kernel log',
    advice: 'give it with --dmesg FILE beside a dump',
    looks: /^[ \t]*(?:<\d+>)?\[ *\d+\.\d+\]|\barm-smmu-v3\b.*\bkdump:/m,
  },
  {
    format: 'snapshot',
    title: 'a register snapshot',
    advice: 'give it with --regs FILE beside a dump',
    looks: /^\s*\{[\s\S]*"(?:smmus|registers)"\s*:/,
  },
  {
    format: 'json',
    title: 'a JSON file',
    advice: 'a register snapshot is given with --regs FILE beside a dump',
    looks: /^\s*(?:\{\s*["}]|\[\s*(?:[[\]{"]|-?\d[\d.e]*\s*[,\]]))/i,
  },
  {
    format: 'iomem',
    title: 'a /proc/iomem',
    advice: 'give it with --iomem FILE beside a dump',
    looks: /^ *[0-9a-f]{8,16}-[0-9a-f]{8,16} : \S/m,
  },
  {
    format: 'device-tree-source',
    title: 'a device tree source',
    advice: 'compile it (dtc -O dtb) and give it with --dtb FILE beside a dump',
    looks: /^[ \t]*\/dts-v1\//m,
  },
  {
    format: 'acpidump',
    title: 'the text of acpidump',
    advice: 'give it with --iort FILE beside a dump',
    looks: /^[A-Z0-9]{4} @ 0x/m,
  },
  {
    format: 'capture',
    title: 'a capture of registers',
    advice: `make a snapshot of it: ${IMPORT}`,
    looks: new RegExp(`(?:^|[^A-Za-z0-9])(?:SMMU_)?(?:${REGISTERS})(?![A-Za-z0-9])`, 'i'),
  },
  {
    format: 'armored',
    title: 'an encrypted message',
    advice: 'decrypt it first: gpg -d',
    looks: /^-----BEGIN PGP MESSAGE-----/,
  },
  {
    format: 'uuencode',
    title: 'a uuencoded file',
    advice: 'decode it first: uudecode',
    looks: /^begin(?:-base64)? [0-7]{3} /m,
  },
  {
    format: 'ihex',
    title: 'an Intel HEX file',
    advice: 'turn it into bytes first: objcopy -I ihex -O binary',
    looks: /^:[0-9a-f]{10,}\s/i,
  },
  {
    format: 'srec',
    title: 'an S-record file',
    advice: 'turn it into bytes first: objcopy -I srec -O binary',
    looks: /^S[0-3][0-9a-f]{6,}\s/i,
  },
  {
    format: 'hexdump',
    title: 'memory printed as text',
    advice: `registers become a snapshot: ${IMPORT}; memory has to be bytes again, as xxd -r makes them`,
    looks: /^[ \t]*(?:0x)?[0-9a-f]{4,16}[:|>]?(?:[ \t]+(?:0x)?[0-9a-f]{2,16}){2,}/im,
  },
  {
    format: 'base64',
    title: 'base64 text',
    advice: 'decode it first: base64 -d',
    looks: /^(?:[A-Za-z0-9+/]{60,76}\r?\n)*[A-Za-z0-9+/]{60,}={0,2}(?:\r?\n|$)/,
  },
  {
    format: 'text',
    title: 'a text file',
    advice: `a kernel log is given with --dmesg FILE; registers become a snapshot: ${IMPORT}`,
    looks: /^/,
  },
];

/** What text a file is by its first bytes, or null when they are none. */
export function kindOfText(head: Buffer, byteLength: number): Container | null {
  const text = textOf(head, byteLength > head.length);
  if (text === null) return null;
  const { format, title, advice } = KINDS.find(({ looks }) => looks.test(text)) as TextKind;
  return { format, title, advice };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals' escape sequences are common in captures
const TEXT = /^[\t-\r\x1b\x20-\x7e\u00a0-\uffff]+$/;
/** Nearly any memory is UTF-16 of some script. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same
const LATIN_TEXT = /^[\t-\r\x1b\x20-\x7e\u00a0-\u00ff]+$/;

/** Printable characters and white space of ASCII or UTF-8, or UTF-16, as Windows shells write it. */
function textOf(head: Buffer, goesOn: boolean): string | null {
  const encoding = wideEncoding(head);
  let text: string;
  try {
    // A character may be cut at the end of what was read; one that is not must not be.
    text = new TextDecoder(encoding ?? 'utf-8', { fatal: true }).decode(head, { stream: goesOn });
  } catch {
    return null;
  }
  return (encoding === null ? TEXT : LATIN_TEXT).test(text) ? text.slice(0, SEEN_CHARACTERS) : null;
}
