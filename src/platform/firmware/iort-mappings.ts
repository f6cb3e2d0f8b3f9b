/**
 * Which mapping of an IORT node does Linux take for an ID, where several have it? iort_node_map_id(), iort_id_map() and
 * iort_node_get_id() of drivers/acpi/arm64/iort.c.
 */

import { type Claim, firstClaims } from '../claims.ts';
import type { IortMapping } from './iort.ts';

const LAST_ID = 2 ** 32 - 1;

/** A run of input IDs that one mapping has. With a single mapping the output is the same for all of them. */
export type MappedIds = Claim<IortMapping>;

/**
 * The IDs of each mapping, ascending by ID. The first mapping of the node that has an ID is taken, whatever kind of node
 * it leads to. Tables that give the number of IDs where that minus one belongs have one ID too many in a range: an ID
 * that is the last of a range of several and the first of a later one goes to the later one.
 */
export function mappedIds(mappings: readonly IortMapping[]): MappedIds[] {
  const claims: MappedIds[] = [];
  const later = { byFirstId: new Map<number, IortMapping>(), single: null as IortMapping | null };
  // From the end, so that what comes later in the table is known; the map then has the nearest of those.
  for (const mapping of mappings.toReversed()) {
    if (mapping.single) {
      claims.push({ first: 0, last: LAST_ID, owner: mapping });
      later.byFirstId.clear();
      later.single = mapping;
      continue;
    }
    const last = Math.min(LAST_ID, mapping.firstId + mapping.count - 1);
    const successor = last > mapping.firstId ? (later.byFirstId.get(last) ?? later.single) : null;
    // Each behind what has precedence over it, since the list is turned around again.
    if (successor !== null && successor !== undefined) {
      claims.push({ first: mapping.firstId, last: last - 1, owner: mapping }, { first: last, last, owner: successor });
    } else claims.push({ first: mapping.firstId, last, owner: mapping });
    later.byFirstId.set(mapping.firstId, mapping);
  }
  return firstClaims(claims.toReversed());
}

/**
 * The mappings that a platform device without IDs of its own gets its StreamIDs from: single ones, up to the first that
 * is none or leads to no IOMMU, at which Linux stops.
 */
export function ownMappings(mappings: readonly IortMapping[], isIommu: (offset: number) => boolean): IortMapping[] {
  const stop = mappings.findIndex(({ single, target }) => !single || !isIommu(target));
  return stop < 0 ? [...mappings] : mappings.slice(0, stop);
}
