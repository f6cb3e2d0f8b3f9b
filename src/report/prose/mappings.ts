/** What a mapping lets devices do, and how its memory is cached and shared, in words. */

import { hex } from '../../hex.ts';
import type { LeafAttributes, MemoryType } from '../../smmu/translation/attributes.ts';
import { type AccessKind, rightFor } from '../../smmu/translation/rights.ts';

/** `rw-`, as a list of files shows it, for one privilege. */
export function rightsText(rights: number, privileged: boolean): string {
  const has = (kind: AccessKind, letter: string) => ((rights & rightFor(kind, privileged)) === 0 ? '-' : letter);
  return has('read', 'r') + has('write', 'w') + has('exec', 'x');
}

/** `rw-/r--`, privileged first. */
export function bothRightsText(rights: number): string {
  return `${rightsText(rights, true)}/${rightsText(rights, false)}`;
}

/** What there is to say of each stage; empty where nothing is translated. */
export function attributesInWords(attributes: readonly LeafAttributes[]): string {
  return attributes
    .map((one, i) => (i === 0 ? stageAttributesInWords(one) : `stage ${one.stage}: ${stageAttributesInWords(one)}`))
    .join('; ');
}

const SHAREABILITIES = ['non-shareable', 'reserved shareability', 'outer shareable', 'inner shareable'] as const;

/** `Normal write-back, RW allocate, inner shareable`. */
export function stageAttributesInWords({ type, shareability }: LeafAttributes): string {
  const words = typeInWords(type);
  return `${words}, ${SHAREABILITIES[shareability]}`;
}

function typeInWords(type: MemoryType): string {
  switch (type.kind) {
    case 'as-stage-1':
      return 'as stage 1';
    case 'reserved-mair':
      return `reserved attribute ${hex(type.mair)}`;
    case 'normal':
      return normalInWords(type, mairHalfInWords);
    case 'normal-by-mem-attr':
      return normalInWords(type, (bits) => BY_MEM_ATTR[bits] as string);
    default:
      return type.kind;
  }
}

function normalInWords({ outer, inner }: { outer: number; inner: number }, inWords: (half: number) => string): string {
  if (outer === inner) return `Normal ${inWords(outer)}`;
  return `Normal, outer ${inWords(outer)}, inner ${inWords(inner)}`;
}

const BY_MEM_ATTR = ['reserved', 'non-cacheable', 'write-through', 'write-back'] as const;

function mairHalfInWords(nibble: number): string {
  if (nibble === 4) return 'non-cacheable';
  const policy = `${nibble & 2 ? 'R' : ''}${nibble & 1 ? 'W' : ''}`;
  const allocate = policy === '' ? ', no allocate' : `, ${policy} allocate`;
  if (nibble >= 12) return `write-back${allocate}`;
  if (nibble >= 8) return `write-through${allocate}`;
  return `${nibble >= 4 ? 'write-back' : 'write-through'} transient${allocate}`;
}
