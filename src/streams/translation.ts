/**
 * `translate`: where a device's access to one address goes, with every step of the way, or everything that a stream can
 * reach. Plain data, made from the snapshot of one SMMU and the dump.
 */

import type { PageState } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import type { AddressMap } from '../platform/address-map.ts';
import { hardwareFeatures, missingFeatures, oasBits } from '../smmu/registers/hardware-features.ts';
import { CD } from '../smmu/structures/cd.ts';
import { cdTableBehind, cdTableByteLength } from '../smmu/structures/cd-table.ts';
import { reservedBitsSet } from '../smmu/structures/reserved-bits.ts';
import { STE } from '../smmu/structures/ste.ts';
import { STE_BYTE_LENGTH } from '../smmu/structures/stream-table.ts';
import type { LeafAttributes } from '../smmu/translation/attributes.ts';
import type { AbortReason, FaultReason, Fetched, Says, UnknownReason } from '../smmu/translation/reasons.ts';
import { type AccessKind, rightFor } from '../smmu/translation/rights.ts';
import { type StreamContext, streamContext } from '../smmu/translation/stream-context.ts';
import { type FaultResponse, responseTo, type Translated, translate } from '../smmu/translation/transaction.ts';
import { type Fault, type FaultClass, type FaultEvent, fault, type Step } from '../smmu/translation/walk.ts';
import type { Assumption } from '../snapshot/assumption.ts';
import { RegisterFile } from '../snapshot/register-file.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import type { LookupEnd } from '../tables/lookup-end.ts';
import { tableRegisters } from '../tables/table-registers.ts';
import { type Target, targetOf } from './physical-target.ts';
import { lookUpByHardware, type TableSays, type TableStructure } from './stream-lookup.ts';

/** Something that was read on the way; null for what is not known of it. */
export interface TranslationStep {
  readonly what: TableStructure | Fetched;
  readonly index: number | null;
  readonly address: number;
  readonly value: bigint | null;
  readonly says: TableSays | Says | null;
  readonly pageState: PageState | null;
}

/** With the SMMU off, what GBPA does, or why that is not known. */
export type GbpaReason =
  | { readonly kind: 'gbpa-missing' | 'gbpa-aborts' | 'gbpa-passes' }
  | { readonly kind: 'off-too-large'; readonly iova: bigint; readonly bits: number };

/** What lies behind a fault, an abort, a bypass of all, or an outcome that cannot be told. */
export type EndingReason = FaultReason | AbortReason | UnknownReason<PageState> | LookupEnd | GbpaReason;

export interface Permissions {
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

export type TranslationOutcome = 'translated' | 'bypass' | 'abort' | 'fault' | 'indeterminate';

/** How a transaction ends: a part of the published JSON. */
export interface Ending {
  readonly outcome: TranslationOutcome;
  readonly pa: number | null;
  /** Of the final block or page; null unless translated. */
  readonly size: number | null;
  readonly fault: FaultEvent | null;
  readonly why: EndingReason | null;
  readonly faultDetail: FaultDetail | null;
  /** For the privilege of the access, or what STE.PRIVCFG makes of it; null unless translated. */
  readonly permissions: Permissions | null;
  readonly privilegedPermissions: Permissions | null;
  readonly unprivilegedPermissions: Permissions | null;
  readonly attributes: readonly LeafAttributes[];
  /** What is at `pa`. */
  readonly target: Target | null;
}

export interface FaultDetail extends FaultResponse {
  readonly stage: 1 | 2 | null;
  readonly class: FaultClass | null;
  readonly ipa: number | null;
}

export interface StreamQuestion {
  readonly sid: number;
  /** The SubstreamID of the transaction, or null for one without. */
  readonly ssid: number | null;
  /** What firmware calls the device of this stream, if anything. */
  readonly device?: string | null;
}

export interface TranslationQuestion extends StreamQuestion {
  readonly iova: bigint;
  readonly access: AccessKind;
  readonly privileged: boolean;
}

/** What every answer about a stream begins with. */
export interface StreamAnswer {
  readonly schemaVersion: 1;
  readonly smmu: string;
  readonly sid: number;
  readonly device: string | null;
  /** 0 without a SubstreamID; `ssv` tells the two apart, as in an event record. */
  readonly ssid: number;
  readonly ssv: boolean;
}

/** What every answer about a stream begins with. */
export function answerTo(smmu: SmmuSnapshot, { sid, ssid, device = null }: StreamQuestion): StreamAnswer {
  return { schemaVersion: 1, smmu: smmu.name, sid, device, ssid: ssid ?? 0, ssv: ssid !== null };
}

export interface TranslationReport extends StreamAnswer, Ending {
  readonly iova: bigint;
  readonly access: AccessKind;
  readonly privileged: boolean;
  readonly asid: number | null;
  readonly steps: readonly TranslationStep[];
  readonly assumptions: readonly Assumption[];
}

/** Memory and what is where. */
export interface TranslationMemory {
  readonly view: MemoryView;
  readonly map: AddressMap;
}

/** The way of one access. */
export function translationReport(
  smmu: SmmuSnapshot,
  memory: TranslationMemory,
  question: TranslationQuestion,
): TranslationReport {
  const { iova, access, privileged } = question;
  const stream = new StreamTranslator(smmu, memory, question);
  const ending = stream.translate(iova, access, privileged);
  return {
    ...answerTo(smmu, question),
    iova,
    access,
    privileged,
    ...ending,
    asid: stream.context?.stage1?.asid ?? null,
    steps: stream.steps,
    assumptions: stream.assumptions,
  };
}

/** The configuration of one stream, found once, and what translates through it. */
export class StreamTranslator {
  readonly hw: ReturnType<typeof hardwareFeatures>;
  readonly #found: Step<PageState>[] = [];
  readonly #lookup: TranslationStep[] = [];
  readonly assumptions: Assumption[] = [];
  /** Null where the way ends before anything translates; `end` says how. */
  readonly context: StreamContext | null;
  readonly end: Ending | null;
  /** The SMMU is off, and GBPA lets everything pass. */
  readonly passesAll: boolean;
  readonly #memory: TranslationMemory;
  /** The entry of the stream, which says what follows a fault also where its CD cannot be fetched; null until found. */
  #ste: readonly bigint[] | null = null;
  /** CR2.RECINVSID, which C_BAD_STREAMID alone obeys. */
  #recordsBadSids = true;

  constructor(smmu: SmmuSnapshot, memory: TranslationMemory, { sid, ssid }: StreamQuestion) {
    this.#memory = memory;
    this.hw = hardwareFeatures(smmu.registers, smmu.partial);
    const registers = new RegisterFile(smmu);
    const found = this.#find(smmu, registers, sid, ssid);
    this.passesAll = found === 'passes-all';
    this.context = found !== 'passes-all' && found.kind === 'context' ? found : null;
    this.end = found === 'passes-all' || found.kind === 'context' ? null : this.#ending(found);
    this.assumptions.push(...registers.assumptions);
    for (const entry of this.#entriesWithReservedBits()) {
      this.assumptions.push({
        what: { kind: 'reserved-bits', entry },
        value: 'ignored',
        why: { kind: 'reserved-may-be-illegal' },
      });
    }
    if (this.#readsUnalignedCds()) {
      this.assumptions.push({
        what: { kind: 'cd-table-low-bits' },
        value: 'zeros',
        why: { kind: 'cd-table-unaligned' },
      });
    }
    const missing = missingFeatures(smmu.registers, smmu.partial).filter((name) => name !== 'AIDR');
    const anyStep = this.#lookup.length > 0;
    if (missing.length > 0 && anyStep) {
      this.assumptions.push({
        what: { kind: 'registers', names: missing },
        value: 'unknown',
        why: { kind: 'rules-not-applied' },
      });
    }
    if (!smmu.registers.has('AIDR') && anyStep) {
      this.assumptions.push({
        what: { kind: 'registers', names: ['AIDR'] },
        value: 'smmuv3.1-or-later',
        why: { kind: 'register-missing' },
      });
    }
    if (this.context?.stage1?.worldAssumed === true) {
      this.assumptions.push({ what: { kind: 'stream-world' }, value: 'el2-e2h', why: { kind: 'world-undecided' } });
    }
  }

  /** What was read so far, from the register that says where the stream table is. */
  get steps(): readonly TranslationStep[] {
    return [...this.#lookup, ...this.#found.map(({ state, ...step }) => ({ ...step, pageState: state }))];
  }

  /** One access; its steps are added to those that led to the configuration. */
  translate(iova: bigint, access: AccessKind, privileged: boolean): Ending {
    if (this.end !== null) return this.end;
    if (this.context === null) return this.#passed(iova);
    const end = translate(this.context, { iova, kind: access, privileged }, this.hw, this.#memory.view, this.#found);
    return this.#ending(end);
  }

  #find(smmu: SmmuSnapshot, registers: RegisterFile, sid: number, ssid: number | null) {
    if (registers.field('CR0', 'SMMUEN') === 0) {
      if (!registers.has('GBPA')) return { kind: 'unknown', why: { kind: 'gbpa-missing' } } as const;
      const aborts = registers.field('GBPA', 'ABORT') === 1;
      return aborts ? ({ kind: 'abort', why: { kind: 'gbpa-aborts' } } as const) : 'passes-all';
    }
    const { view } = this.#memory;
    const { outcome, address, why, steps } = lookUpByHardware(tableRegisters(smmu, registers), view, sid);
    this.#lookup.push(...steps);
    if (outcome === 'no-entry' && why !== null) {
      if (registers.has('CR2')) this.#recordsBadSids = registers.field('CR2', 'RECINVSID') === 1;
      else registers.assume({ kind: 'field', register: 'CR2', field: 'RECINVSID' }, 1, { kind: 'linux-sets-it' });
      return fault('C_BAD_STREAMID', null, null, why);
    }
    const ste = address === null ? null : view.readWords(address, STE_BYTE_LENGTH);
    if (ste === null) return { kind: 'unknown', why } as const;
    this.#ste = ste;
    return streamContext(ste, ssid, this.hw, view, this.#found);
  }

  /** Entries that were taken for legal although bits of them are set that no field has. */
  #entriesWithReservedBits(): ('ste' | 'cd')[] {
    if (this.context === null) return [];
    const { ste, stage1 } = this.context;
    const inSte = reservedBitsSet(STE, ste).length > 0 ? (['ste'] as const) : [];
    return stage1 !== null && reservedBitsSet(CD, stage1.cd).length > 0 ? [...inSte, 'cd'] : [...inSte];
  }

  /** Whether the way went through a CD table of which S1ContextPtr does not name the start. */
  #readsUnalignedCds(): boolean {
    if (this.#ste === null || !this.#found.some(({ what }) => what.kind === 'L1CD' || what.kind === 'CD')) return false;
    const table = cdTableBehind(this.#ste, this.hw.SSIDSIZE ?? 20);
    return table.paddr % cdTableByteLength(table) !== 0;
  }

  /** GBPA.ABORT is 0: what the SMMU can address at all goes through as it is. */
  #passed(iova: bigint): Ending {
    const bits = oasBits(this.hw) ?? 52;
    if (iova >= 1n << BigInt(bits)) return this.#ending({ kind: 'abort', why: { kind: 'off-too-large', iova, bits } });
    const end = { kind: 'bypass', paddr: Number(iova), byteLength: null, rights: 0, privileged: true } as const;
    return { ...this.#ending({ ...end, attributes: [] }), why: { kind: 'gbpa-passes' } };
  }

  #ending(end: Translated | Untranslated): Ending {
    if ('paddr' in end) {
      const translated = end.kind === 'translated';
      return {
        ...NO_ENDING,
        outcome: end.kind,
        pa: end.paddr,
        size: end.byteLength,
        permissions: translated ? permissionsOf(end.rights, end.privileged) : null,
        privilegedPermissions: translated ? permissionsOf(end.rights, true) : null,
        unprivilegedPermissions: translated ? permissionsOf(end.rights, false) : null,
        attributes: end.attributes,
        target: targetOf(end.paddr, this.#memory),
      };
    }
    if (end.kind === 'fault') {
      const response: FaultResponse =
        this.#ste === null
          ? { recorded: this.#recordsBadSids, response: 'abort' }
          : responseTo(end, { ste: this.#ste, stage1: this.context?.stage1 ?? null });
      const detail = { stage: end.stage, class: end.class, ipa: end.ipa, ...response };
      return { ...NO_ENDING, outcome: 'fault', fault: end.event, why: end.why, faultDetail: detail };
    }
    return { ...NO_ENDING, outcome: end.kind === 'abort' ? 'abort' : 'indeterminate', why: end.why };
  }
}

/** How the way ends without a physical address. */
type Untranslated = Fault<EndingReason> | { readonly kind: 'abort' | 'unknown'; readonly why: EndingReason | null };

const NO_ENDING: Ending = {
  outcome: 'indeterminate',
  pa: null,
  size: null,
  fault: null,
  why: null,
  faultDetail: null,
  permissions: null,
  privilegedPermissions: null,
  unprivilegedPermissions: null,
  attributes: [],
  target: null,
};

/** What the rights of a page allow, for privileged accesses or for others. */
export function permissionsOf(rights: number, privileged: boolean): Permissions {
  const has = (kind: AccessKind) => (rights & rightFor(kind, privileged)) !== 0;
  return { read: has('read'), write: has('write'), execute: has('exec') };
}
