/** Where do the rows of an iommu-map begin? Bindings `pci-iommu` and `iommu`. */

/** A row of an iommu-map; `at` is where in its cells it begins. */
export interface MapRow {
  readonly at: number;
  readonly firstId: number;
  readonly phandle: number;
  readonly firstSid: number;
  readonly count: number;
}

/** How many cells an IOMMU's StreamIDs take, by its phandle; null for what is no IOMMU. */
type SpecifierOf = (phandle: number) => number | null;

/**
 * A row has as many cells for the StreamID as #iommu-cells of its IOMMU says. For Linux before 2026 it had one whatever that
 * says, and trees for it are made so. Which is meant shows in where IOMMUs are named. Null where no rows come out whole.
 */
export function mapRows(cells: readonly number[], specifierOf: SpecifierOf): MapRow[] | null {
  return splitRows(cells, specifierOf) ?? splitRows(cells, () => 1);
}

/** Null where the cells are no whole rows, or a row's IOMMU is none. */
function splitRows(cells: readonly number[], specifierOf: SpecifierOf): MapRow[] | null {
  const rows: MapRow[] = [];
  for (let at = 0; at < cells.length; ) {
    const [firstId = 0, phandle = 0, firstSid = 0] = cells.slice(at, at + 3);
    const specifier = specifierOf(phandle);
    const end = at + 3 + (specifier ?? 0);
    if (specifier === null || end > cells.length) return null;
    rows.push({ at, firstId, phandle, firstSid, count: cells[end - 1] ?? 0 });
    at = end;
  }
  return rows.length === 0 ? null : rows;
}
