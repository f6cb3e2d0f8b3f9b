/**
 * Numbers in text that reports only hand on: lines of logs, names of devices, what a capture said. Which of its numbers
 * is an address is told by how it is spelled, and where the driver or this program spells something else the same way,
 * by the word in front of it.
 */

/**
 * StreamIDs in a command line, where they are no names with an address; IDs, offsets in files and masks of bits, one or
 * several.
 */
const OTHER_NUMBERS =
  /--(?:sid|ssid|insert|hotplug|device|rmr)[ =](?!\S*[@.][a-z\d]{4})\S+|\b(?:SIDs?|StreamIDs?|SubstreamIDs?|IDs?|ASIDs?|VMIDs?|offset|features|PROD|CONS|masked)[ :=(]{1,2}0x[0-9a-f]+(?:(?:-|, | and | to )0x[0-9a-f]+)*/;
const PREFIXED = /0x([0-9a-f]+)/;
/** `usb@fe900000`: a device tree's way to tell the address of a device. */
const UNIT_ADDRESS = /(?<=@)([0-9a-f]+)\b/;
/** `2b400000.iommu`: the kernel's name for it. */
const DEVICE_ADDRESS = /\b([0-9a-f]{5,16})(?=\.[a-z])/;
/** A kernel's pointer without anything in front, whatever has all digits of one, and a range of /proc/iomem. */
const BARE =
  /\b(?=\d*[a-f])([0-9a-f]{12,16})\b|\b([0-9a-f]{16})\b|\b([0-9a-f]{8,16})(?=-[0-9a-f]{8,16}\b)|(?<=\b[0-9a-f]{8,16}-)([0-9a-f]{8,16})\b/;

const NUMBERS = new RegExp(
  [OTHER_NUMBERS, PREFIXED, UNIT_ADDRESS, DEVICE_ADDRESS, BARE].map(({ source }) => source).join('|'),
  'gi',
);

/** Most texts have nothing like an address, and tables have millions of texts. */
const LONG_ENOUGH = /[0-9a-f]{5}/i;

/** Nothing that a machine has at a lower address is worth hiding, and IDs, sizes and counts are such numbers. */
const LOWEST = 0x10000n;
/** The kernel spells addresses with all digits, low ones too. */
const WHOLE_LENGTH = 16;

/** The text with each address in it replaced by what `standIn` gives, with as many digits or more. */
export function withAddresses(text: string, standIn: (address: bigint) => bigint): string {
  if (!LONG_ENOUGH.test(text)) return text;
  return text.replace(NUMBERS, (all: string, ...groups: readonly (string | undefined)[]) => {
    const digits = groups.slice(0, 7).find((group) => group !== undefined);
    if (digits === undefined || digits.length > 16) return all;
    const value = BigInt(`0x${digits}`);
    if (value < LOWEST && digits.length < WHOLE_LENGTH) return all;
    const spelled = standIn(value).toString(16).padStart(digits.length, '0');
    return all.slice(0, all.length - digits.length) + spelled;
  });
}
