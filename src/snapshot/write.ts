/** A snapshot as the file that `loadSnapshot` reads: what is written and read again is the same. */

import { hex } from '../hex.ts';
import { REGISTERS } from '../smmu/registers/registers.ts';
import type { SmmuSnapshot, Snapshot } from './snapshot.ts';
import { hexText } from './values.ts';

/** `source` says in words how it came about. Layouts of raw dumps are not written: their files are not this one's. */
export function snapshotJson({ captured, kdump, smmus }: Snapshot, source: string): object {
  const { revision, systemRam } = kdump;
  const ranges = systemRam.map(({ start, end }) => ({ start: hex(start), end: hex(end - 1) }));
  return {
    version: 1,
    source,
    captured,
    ...(revision === undefined && ranges.length === 0 ? {} : { kdump: { revision, systemRam: ranges } }),
    smmus: smmus.map(smmuJson),
  };
}

function smmuJson({ name, base, firmwareCoherent, registers, partial, provenance, masters }: SmmuSnapshot): object {
  const written = REGISTERS.flatMap(({ name: register, byteLength }) => {
    const some = partial?.get(register);
    const value = registers.get(register) ?? some?.value;
    const padded = (bits: bigint) => hexText(bits, byteLength);
    return value === undefined
      ? []
      : [{ register, value: padded(value), known: some === undefined ? null : padded(some.known) }];
  });
  return {
    name,
    ...(base === null ? {} : { base: hex(base) }),
    ...(firmwareCoherent === null ? {} : { firmware: { coherent: firmwareCoherent } }),
    registers: Object.fromEntries(written.map(({ register, value }) => [register, value])),
    ...(provenance === undefined
      ? {}
      : {
          provenance: Object.fromEntries(
            written.flatMap(({ register, known }) => {
              const how = provenance.get(register);
              return how === undefined ? [] : [[register, { how, ...(known === null ? {} : { known }) }]];
            }),
          ),
        }),
    ...(masters === undefined ? {} : { masters }),
  };
}
