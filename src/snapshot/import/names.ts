/** Register names as drivers, emulators and people spell them, brought to the architecture's names. */

import { type Register, registerNamed } from '../../smmu/registers/registers.ts';

/** A register, or one 32-bit half of a 64-bit one. */
export interface RegisterPart {
  readonly register: Register;
  /** From the base of register page 0. */
  readonly offset: number;
  readonly byteLength: number;
}

/** The Secure and Realm copies (`SMMU_S_CR0`, `SMMU_R_CR0`) are other registers and do not match. */
const PREFIX = /^(ARM_)?SMMU(_?V3)?_/;

/** In this order. Linux says EVTQ where the architecture says EVENTQ. */
const ALIASES: readonly [pattern: RegExp, architecture: string][] = [
  [/^EV(EN)?T_?Q_/, 'EVENTQ_'],
  [/^CMD_Q_/, 'CMDQ_'],
  [/^PRI_Q_/, 'PRIQ_'],
  [/^STREAM_TABLE_/, 'STRTAB_'],
  [/^STRTAB_CFG$/, 'STRTAB_BASE_CFG'],
  [/^CR0_ACK$/, 'CR0ACK'],
  [/^IRQ_CTRL_ACK$/, 'IRQ_CTRLACK'],
  [/^GERROR_N$/, 'GERRORN'],
];

const LOW_HALF = /_(LO|LOW|LOWER|LSW|L|31_0)$/;
const HIGH_HALF = /_(HI|HIGH|UPPER|MSW|H|63_32)$/;

/** Longer words are no register's name, and not worth looking at. */
const MAX_NAME_LENGTH = 48;

/** Words of captures repeat; so many are remembered. */
const MAX_REMEMBERED = 4096;
const remembered = new Map<string, RegisterPart | undefined>();

/** The register that a word names, or undefined. */
export function registerPart(written: string): RegisterPart | undefined {
  if (written.length > MAX_NAME_LENGTH || !/^["'*&]?[A-Za-z]/.test(written)) return undefined;
  if (remembered.has(written)) return remembered.get(written);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  const part = partNamed(written);
  remembered.set(written, part);
  return part;
}

function partNamed(written: string): RegisterPart | undefined {
  const plain = written
    .trim()
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .replace(PREFIX, '');
  const name = ALIASES.reduce((text, [pattern, architecture]) => text.replace(pattern, architecture), plain);
  const whole = registerNamed(name);
  if (whole !== undefined) return { register: whole, offset: whole.offset, byteLength: whole.byteLength };
  for (const [half, distance] of [
    [LOW_HALF, 0],
    [HIGH_HALF, 4],
  ] as const) {
    const register = registerNamed(name.replace(half, ''));
    if (half.test(name) && register?.byteLength === 8) {
      return { register, offset: register.offset + distance, byteLength: 4 };
    }
  }
  return undefined;
}

/** `STRTAB_BASE`, or `STRTAB_BASE_HI` for a half. */
export function partName({ register, offset, byteLength }: RegisterPart): string {
  if (byteLength === register.byteLength) return register.name;
  return `${register.name}_${offset === register.offset ? 'LO' : 'HI'}`;
}
