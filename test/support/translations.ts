/** One stream of a small machine, and where its accesses go. */

import { Image } from '../../samples/image.ts';
import { MemoryView } from '../../src/dump/view.ts';
import { parseSnapshot } from '../../src/index.ts';
import { iovaSpaceReport } from '../../src/inspect/iova-space.ts';
import { type TranslationQuestion, translationReport } from '../../src/inspect/translation.ts';
import { AddressMap } from '../../src/platform/address-map.ts';
import type { FieldInputs } from '../../src/smmu/fields.ts';
import type { SmmuSnapshot } from '../../src/snapshot/snapshot.ts';
import { dumpOf } from './machine.ts';
import { expectStrictlyValidTranslation } from './schema.ts';

export const STRTAB = 0x8800_0000;
export const CD_AT = 0x8801_0000;
export const TABLES = 0x8802_0000;

export const REGISTERS: Readonly<Record<string, string>> = {
  ...{ IDR0: '0x0d4c101b', IDR1: '0x02730510', IDR3: '0x1404', IDR5: '0x74', AIDR: '0x1' },
  ...{ CR0: '0xd', CR2: '0x6', GBPA: '0x1000' },
  ...{ STRTAB_BASE: '0x88000000', STRTAB_BASE_CFG: '0x6' },
};

/** SID 0 translates 1 GiB from address 0: a page at 0x1000, a block of 2 MiB, a table that no dump holds, and holes. */
export function machine(ste: FieldInputs = {}, cd: FieldInputs = {}): Image {
  return new Image()
    .abortTable(STRTAB, 64)
    .ste(STRTAB, 0, { V: 1, Config: 5, S1ContextPtr: CD_AT, SHCFG: 1, ...ste })
    .cd(CD_AT, 0, {
      ...{ V: 1, AA64: 1, A: 1, R: 1, ASID: 3, IPS: 4, T0SZ: 34, TTB0: TABLES, EPD1: 1, MAIR0: 0xff },
      ...cd,
    })
    .reserve(TABLES, 0x2000)
    .write(TABLES, [BigInt(TABLES + 0x1000) | 3n, 0x9000_0741n, 0xa000_0003n])
    .write(TABLES + 0x1000, [0n, 0x60_0000_8900_0743n | (0n << 60n), 0x8900_1343n, 0x8900_2f43n]);
}

export interface Options {
  readonly memory?: Image;
  /** Null for a register that the snapshot lacks. */
  readonly registers?: Readonly<Record<string, string | null>>;
  readonly only?: Readonly<Record<string, string>>;
}

function parts({ memory = machine(), registers = {}, only }: Options) {
  const given =
    only ?? Object.fromEntries(Object.entries({ ...REGISTERS, ...registers }).filter(([, v]) => v !== null));
  const smmu = parseSnapshot({ smmus: [{ name: 'smmu0', registers: given }] }, 'regs.json').smmus[0] as SmmuSnapshot;
  const dump = dumpOf(memory);
  return { smmu, memory: { view: new MemoryView(dump), map: new AddressMap(dump.memory, null, []) } };
}

/** The report, which has fitted the published schema. */
export function translated(options: Options, question: Partial<TranslationQuestion> = {}) {
  const { smmu, memory } = parts(options);
  const asked = { sid: 0, ssid: null, iova: 0x1000n, access: 'read', privileged: false, ...question } as const;
  const report = translationReport(smmu, memory, asked);
  expectStrictlyValidTranslation(JSON.parse(JSON.stringify(report)));
  return report;
}

export function everything(options: Options, sid = 0) {
  const { smmu, memory } = parts(options);
  const { report, seenIncomplete } = iovaSpaceReport(smmu, memory, { sid, ssid: null });
  const json = JSON.parse(JSON.stringify({ ...report, ranges: [...report.ranges] }));
  expectStrictlyValidTranslation(json);
  return { ...report, ranges: [...report.ranges], incomplete: seenIncomplete() };
}
