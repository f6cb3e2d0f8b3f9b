/**
 * A second implementation of the whole translation, to compare the real one with: STE, CD, stage 1, stage 2. It is
 * written for reading beside the architecture, one 64-bit word at a time and without any sharing between the stages,
 * and it knows no words of explanation, no tables that a dump lacks in part, and no unknown registers. Whether an STE
 * or a CD is legal is asked of the caller; those rules have tests of their own.
 */

import {
  addressIn,
  bit,
  down,
  firstTable,
  index,
  kindOf,
  type Legality,
  LSB,
  type ModelAccess,
  type ModelEnd,
  type ModelHardware,
  min,
  num,
  reversed,
  SIZES,
  STAGE1_START,
  STAGE2_START,
  TG0,
  TG1,
  type Words,
} from './walk-model-formats.ts';

interface Leaf {
  readonly pa: bigint;
  readonly size: bigint;
  /** Letters `rwx` for privileged accesses and `RWX` for unprivileged ones. */
  readonly letters: ReadonlySet<string>;
  readonly device: boolean;
  /** Of stage 1: where its descriptor is, and what hardware would write to it. */
  readonly entry?: bigint;
  readonly setsAf?: boolean;
  readonly clean?: boolean;
}

class Stop extends Error {
  readonly end: ModelEnd;
  constructor(end: ModelEnd) {
    super(end.outcome);
    this.end = end;
  }
}

export class Model {
  readonly memory: Words;
  readonly ste: readonly bigint[];
  readonly hw: ModelHardware;
  readonly #legal: Legality;

  constructor(memory: Words, ste: readonly bigint[], hw: ModelHardware, legal: Legality) {
    this.memory = memory;
    this.ste = ste;
    this.hw = hw;
    this.#legal = legal;
  }

  translate(access: ModelAccess): ModelEnd {
    try {
      return this.#translate(access);
    } catch (stop) {
      if (stop instanceof Stop) return stop.end;
      throw stop;
    }
  }

  #fault(event: string, stage: 1 | 2 | null = null, klass: string | null = null, ipa: bigint | null = null): never {
    throw new Stop({ outcome: 'fault', event, stage, class: klass, ipa });
  }

  #w(word: number): bigint {
    return this.ste[word] ?? 0n;
  }

  #translate({ iova, ssid, kind, privileged }: ModelAccess): ModelEnd {
    if (!this.#legal.ste(this.ste)) this.#fault('C_BAD_STE');
    const config = num(this.#w(0), 1, 3);
    if (config < 4) return { outcome: 'abort' };
    const [one, two] = [(config & 1) === 1, (config & 2) === 2];
    if (this.hw.ATTR_PERMS_OVR === 1) {
      const [priv, inst] = [num(this.#w(1), 48, 2), num(this.#w(1), 50, 2)];
      if (priv >= 2) privileged = priv === 3;
      if (kind !== 'write' && inst >= 2) kind = inst === 3 ? 'exec' : 'read';
    }
    const need = privileged ? kind.replace('exec', 'x').charAt(0) : kind.replace('exec', 'x').charAt(0).toUpperCase();
    if (!one && ssid !== null) this.#fault('C_BAD_SUBSTREAMID');
    const passes = one && this.#passesStage1(ssid);
    if (two && (bit(this.#w(2), 51) === 0n || bit(this.#w(2), 60) === 1n)) return { outcome: 'undecoded' };
    const cd = one && !passes ? this.#cd(ssid) : null;
    let first: Leaf | null = null;
    if (cd !== null && bit(cd[0] ?? 0n, 41) === 0n) return { outcome: 'undecoded' };
    if (cd !== null) {
      first = this.#stage1(cd, iova, need === need.toUpperCase());
      if (!first.letters.has(need)) this.#fault('F_PERMISSION', 1, 'IN');
      if (two) first = this.#updated(first, kind);
    } else if (iova >> (two ? this.#ias() : this.#oas()) !== 0n) this.#fault('F_ADDR_SIZE', 1, 'IN');
    const ipa = first?.pa ?? iova;
    if (!two) return first === null ? { outcome: 'bypass', pa: ipa } : done([first]);
    const second = this.#stage2(ipa, 'IN');
    if (!second.letters.has(need)) this.#fault('F_PERMISSION', 2, 'IN', ipa);
    return done(first === null ? [second] : [first, second]);
  }

  #oas(): bigint {
    return SIZES[this.hw.OAS] as bigint;
  }

  #ias(): bigint {
    const sizes = [this.hw.TTF & 1 ? 40n : 0n, this.hw.TTF & 2 ? this.#oas() : 0n];
    return sizes.reduce((a, b) => (a > b ? a : b));
  }

  /** Whether S1DSS passes stage 1 by; what else a SubstreamID meets ends the transaction. */
  #passesStage1(ssid: number | null): boolean {
    const [max, dss] = [num(this.#w(0), 59, 5), num(this.#w(1), 0, 2)];
    const single = max === 0 || this.hw.SSIDSIZE === 0;
    if (single && ssid !== null) this.#fault('C_BAD_SUBSTREAMID');
    if (!single && ssid === null) {
      if (dss === 1) return true;
      if (dss !== 2) this.#fault('F_STREAM_DISABLED');
    }
    if (!single && ssid !== null) {
      if (ssid >= 2 ** max) this.#fault('C_BAD_SUBSTREAMID');
      if (ssid === 0 && dss === 2) this.#fault('F_STREAM_DISABLED');
    }
    return false;
  }

  #cd(ssid: number | null): readonly bigint[] {
    const w0 = this.#w(0);
    const [max, fmt] = [num(w0, 59, 5), num(w0, 4, 2)];
    const pointer = bit(w0, 6, 50) << 6n;
    const single = max === 0 || this.hw.SSIDSIZE === 0;
    const s = BigInt(ssid ?? 0);
    let at: bigint;
    if (single) at = pointer;
    else if (fmt === 0 || fmt === 3) at = down(pointer, 64n << BigInt(max)) + 64n * s;
    else {
      const leafBits = fmt === 1 ? 6n : 10n;
      const entries = BigInt(max) > leafBits ? BigInt(max) - leafBits : 0n;
      const size = 8n << entries;
      const l1cd = this.#read(down(pointer, size < 64n ? 64n : size) + 8n * (s >> leafBits), 'CD');
      if (bit(l1cd, 0) === 0n) this.#fault('C_BAD_SUBSTREAMID');
      const leaf = bit(l1cd, 12, 44) << 12n;
      if (leaf >> ((num(this.#w(0), 1, 3) & 2) === 2 ? this.#ias() : this.#oas()) !== 0n)
        this.#fault('C_BAD_SUBSTREAMID');
      at = down(leaf, 64n << leafBits) + 64n * (s & ((1n << leafBits) - 1n));
    }
    const first = this.#read(at, 'CD');
    // The CD lies in one page, so that one translation serves all of it; the model reads word by word all the same.
    const cd = [first, ...Array.from({ length: 7 }, (_, i) => this.#read(at + 8n * BigInt(i + 1), 'CD', at))];
    if (!this.#legal.cd(cd, this.ste)) this.#fault('C_BAD_CD');
    return cd;
  }

  /** One word at an address as stage 1 and the CD fetch know them; of a longer structure, `about` is the start. */
  #read(address: bigint, klass: string, about = address): bigint {
    let physical = address;
    if ((num(this.#w(0), 1, 3) & 2) === 2) {
      const leaf = this.#stage2(address, klass);
      if (!leaf.letters.has('r') && !leaf.letters.has('R')) this.#fault('F_PERMISSION', 2, klass, about);
      if (bit(this.#w(2), 54) === 1n && leaf.device) this.#fault('F_PERMISSION', 2, klass, about);
      physical = leaf.pa;
    }
    return this.#physical(physical, physical - (address - about));
  }

  #physical(address: bigint, about = address): bigint {
    const word = this.memory.at.get(address);
    if (word === undefined) throw new Stop({ outcome: 'unknown', address: about });
    return word;
  }

  #stage1(cd: readonly bigint[], va: bigint, unprivileged: boolean): Leaf {
    const [w0, w1, w2] = cd as [bigint, bigint, bigint];
    const fail = (event: string): never => this.#fault(event, 1, 'IN');
    const el2 = num(this.#w(0), 1, 3) === 5 && this.hw.Hyp === 1 && num(this.#w(1), 30, 2) === 2 && this.hw.E2H === 0;
    const high = !el2 && bit(va, 55) === 1n;
    const tsz = high ? num(w0, 16, 6) : num(w0, 0, 6);
    const inputBits = BigInt(64 - tsz);
    const top = num(w0, high ? 39 : 38) === 1 ? 55 : 63;
    for (let b = top; b >= 64 - tsz; b--) if ((bit(va, b) === 1n) !== high) fail('F_TRANSLATION');
    if (num(w0, high ? 30 : 14) === 1 && !el2) fail('F_TRANSLATION');
    const eopd = num(high ? w2 : w1, 2) === 1 && this.hw.E0PD === 1;
    if (eopd && unprivileged && !el2) fail('F_TRANSLATION');
    const granule = (high ? TG1[num(w0, 22, 2)] : TG0[num(w0, 6, 2)]) as number;
    const ds = granule !== 16 && bit(w2, 58) === 1n && this.hw.DS === 1;
    const out = this.#outputBits(num(w0, 32, 3));
    let level =
      (STAGE1_START[granule] as [number, number, number][]).find(([, a, b]) => a <= tsz && tsz <= b)?.[0] ?? 9;
    let table = firstTable(bit(high ? w2 : w1, 4, 52) << 4n, inputBits, granule, level, out);
    const tables = num(high ? w2 : w1, 1) === 0 || this.hw.HAD === 0;
    let [apTable, pxnTable, xnTable] = [0, false, false];
    const offset = va & ((1n << inputBits) - 1n);
    for (; ; level++) {
      const entry = table + 8n * index(offset, granule, level, inputBits);
      let word = this.#read(entry, 'TT');
      if (num(w0, 15) === 1) word = reversed(word);
      const kind = kindOf(word, granule, level, ds, this.hw.OAS);
      if (kind === 'bad') fail('F_TRANSLATION');
      const lsb = (LSB[granule] as number[])[level + 1] as number;
      const target = addressIn(word, granule, kind === 'table' ? granule : lsb, ds);
      if (target >> out !== 0n) fail('F_ADDR_SIZE');
      if (kind === 'table') {
        if (tables) {
          apTable |= num(word, 61, 2);
          pxnTable ||= bit(word, 59) === 1n;
          xnTable ||= bit(word, 60) === 1n;
        }
        table = target;
        continue;
      }
      if (bit(word, 10) === 0n && bit(w0, 35) === 0n && bit(w0, 43) === 0n) fail('F_ACCESS');
      const readOnly = bit(word, 7) === 1n && !(num(w0, 42, 2) === 3 && bit(word, 51) === 1n);
      const write = !readOnly && (apTable & 2) === 0;
      const open = el2 || (bit(word, 6) === 1n && (apTable & 1) === 0);
      const wxn = bit(w0, 36) === 1n && write;
      const [xn, pxn] = [bit(word, 54) === 1n || xnTable, bit(word, 53) === 1n || pxnTable];
      const letters = new Set(['r', ...(write ? ['w'] : []), ...(open ? ['R'] : []), ...(open && write ? ['W'] : [])]);
      if (el2 ? !xn && !wxn : !pxn && !wxn && !letters.has('W')) letters.add('x');
      if (!xn && !(wxn && open)) letters.add('X');
      const epan = bit(w1, 59) === 1n && this.hw.EPAN === 1;
      if (!el2 && bit(w0, 40) === 1n && (open || (epan && letters.has('X')))) {
        letters.delete('r');
        letters.delete('w');
      }
      if (eopd && !el2) for (const letter of 'RWX') letters.delete(letter);
      const setsAf = bit(word, 10) === 0n && bit(w0, 43) === 1n;
      const clean = bit(word, 7) === 1n && !readOnly;
      const pa = target + (offset & ((1n << BigInt(lsb)) - 1n));
      return { pa, size: 1n << BigInt(lsb), letters, device: false, entry, setsAf, clean };
    }
  }

  /** Section 3.13.5 of IHI 0070: the stage 2 mapping of a descriptor must allow writes for its update to succeed. */
  #updated(first: Leaf, kind: string): Leaf {
    const { entry = 0n, setsAf, clean, letters } = first;
    if ((!setsAf && !clean) || this.#stage2(entry, 'TT').letters.has('w')) return first;
    if (setsAf || kind === 'write') this.#fault('F_PERMISSION', 2, 'TT', entry);
    return { ...first, letters: new Set([...letters].filter((letter) => !'wW'.includes(letter))) };
  }

  #stage2(ipa: bigint, klass: string): Leaf {
    const [w2, w3] = [this.#w(2), this.#w(3)];
    const fail = (event: string): never => this.#fault(event, 2, klass, ipa);
    const inputBits = 64n - bit(w2, 32, 6);
    if (ipa >> inputBits !== 0n) fail('F_TRANSLATION');
    const granule = TG0[num(w2, 46, 2)] as number;
    const ds = granule !== 16 && bit(w3, 3) === 1n && this.hw.DS === 1;
    const out = this.#outputBits(num(w2, 48, 3));
    let level = (STAGE2_START[granule] as number[])[num(w2, 38, 2)] as number;
    if (granule === 12 && ds && bit(w3, 2) === 1n) level = -1;
    let table = firstTable(bit(w3, 4, 52) << 4n, inputBits, granule, level, out);
    const first = level;
    for (; ; level++) {
      let at = (ipa >> BigInt((LSB[granule] as number[])[level + 1] as number)) & ((1n << inputBits) - 1n);
      if (level > first) at &= (1n << BigInt(granule - 3)) - 1n;
      let word = this.#physical(table + 8n * at);
      if (bit(w2, 52) === 1n) word = reversed(word);
      const kind = kindOf(word, granule, level, ds, this.hw.OAS);
      if (kind === 'bad') fail('F_TRANSLATION');
      const lsb = (LSB[granule] as number[])[level + 1] as number;
      const target = addressIn(word, granule, kind === 'table' ? granule : lsb, ds);
      if (target >> out !== 0n) fail('F_ADDR_SIZE');
      table = target;
      if (kind === 'table') continue;
      if (bit(word, 10) === 0n && bit(w2, 53) === 0n && bit(w2, 56) === 0n) fail('F_ACCESS');
      const letters = new Set<string>(bit(word, 6) === 1n ? ['r', 'R'] : []);
      const dirty = num(w2, 55, 2) === 3 && bit(word, 51) === 1n;
      if (bit(word, 7) === 1n || dirty) for (const letter of ['w', 'W']) letters.add(letter);
      const xn = num(word, 53, 2);
      if (this.hw.XNX === 1 ? xn === 0 || xn === 3 : xn < 2) letters.add('x');
      if (xn < 2) letters.add('X');
      const device = bit(this.#w(1), 25) === 1n && this.hw.FWB === 1 ? bit(word, 4) === 0n : bit(word, 4, 2) === 0n;
      return { pa: target + (ipa & ((1n << BigInt(lsb)) - 1n)), size: 1n << BigInt(lsb), letters, device };
    }
  }

  #outputBits(code: number): bigint {
    const programmed = this.hw.ArchMinorRev === 0 ? min(SIZES[code] as bigint, 48n) : (SIZES[code] as bigint);
    return min(programmed, this.#oas(), 52n);
  }
}

function done(leaves: readonly Leaf[]): ModelEnd {
  const has = (letter: string) => (leaves.every(({ letters }) => letters.has(letter)) ? letter.toLowerCase() : '-');
  const rights = `${[...'rwx'].map(has).join('')}/${[...'RWX'].map(has).join('')}`;
  return { outcome: 'translated', pa: leaves.at(-1)?.pa ?? 0n, size: min(...leaves.map(({ size }) => size)), rights };
}
