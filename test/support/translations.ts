/** Where the accesses of one stream of a small machine go. */

import type { Image } from '../../samples/image.ts';
import { MemoryView } from '../../src/dump/view.ts';
import { parseSnapshot } from '../../src/index.ts';
import { AddressMap } from '../../src/platform/address-map.ts';
import { IOVA_SPACE, TRANSLATION } from '../../src/report/json/translation.ts';
import type { SmmuSnapshot } from '../../src/snapshot/snapshot.ts';
import { iovaSpaceReport, isIncomplete } from '../../src/streams/iova-space.ts';
import { type TranslationQuestion, translationReport } from '../../src/streams/translation.ts';
import { dumpOf } from './made/machine.ts';
import { machine, REGISTERS } from './made/one-stream.ts';
import { published } from './published.ts';
import { expectStrictlyValidTranslation } from './schema.ts';

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
  const json = published(TRANSLATION, report);
  expectStrictlyValidTranslation(json);
  return json;
}

export function everything(options: Options, sid = 0) {
  const { smmu, memory } = parts(options);
  const report = iovaSpaceReport(smmu, memory, { sid, ssid: null });
  const json = published(IOVA_SPACE, report);
  expectStrictlyValidTranslation(json);
  return { ...json, incomplete: [...report.ranges].some(isIncomplete) };
}
