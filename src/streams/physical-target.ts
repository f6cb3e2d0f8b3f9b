/** What a device reaches at a physical address, as far as the dump and a copy of /proc/iomem tell. */

import type { PageState } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import type { AddressKind, AddressMap } from '../platform/address-map.ts';

export interface Target {
  readonly kind: AddressKind;
  /** The device of /proc/iomem at the address. */
  readonly device: string | null;
  readonly pageState: PageState;
}

/** What is at a physical address: its kind, the device where there is one, and whether the dump has the page. */
export function targetOf(
  paddr: number,
  { view, map }: { readonly view: MemoryView; readonly map: AddressMap },
): Target {
  const [run] = map.runs(paddr, 1);
  const kind = run?.kind ?? 'unknown';
  return { kind, device: kind === 'device' ? map.deviceAt(paddr) : null, pageState: view.stateOf(paddr, 1) };
}
