/** What is wrong with a table of firmware, as facts. `problem-words.ts` puts them into words. */

/** `name` is the node of a device tree, or what a node of an IORT stands for. Untrusted text. */
export type FirmwareProblem =
  | IortProblem
  | TreeProblem
  | NodeProblem
  /** Of an SMMU more are there than are used. */
  | { readonly kind: 'ranges-cut' | 'reserved-sids-cut'; readonly name: string; readonly limit: number }
  /** More is wrong than is listed. */
  | { readonly kind: 'more'; readonly limit: number };

/** Where it is enough to say which node. */
export interface NodeProblem {
  readonly kind:
    | 'pci-domain-taken'
    | 'reg-untranslatable'
    | 'iommu-map-rows'
    | 'iommu-map-mask'
    | 'iommu-addresses-device'
    | 'iommu-addresses-cut'
    | 'impossible-ids';
  readonly name: string;
}

/** `nodeOffset` is where in the table a node begins. */
export type IortProblem =
  | { readonly kind: 'checksum' }
  | { readonly kind: 'nodes-cut'; readonly limit: number }
  | { readonly kind: 'node-outside'; readonly nodeOffset: number; readonly number: number; readonly of: number }
  | { readonly kind: 'node-short'; readonly nodeOffset: number; readonly byteLength: number; readonly type: number }
  | {
      readonly kind: 'mappings-outside' | 'memory-ranges-outside';
      readonly nodeOffset: number;
      readonly claimed: number;
      readonly fitting: number;
    }
  | { readonly kind: 'second-node'; readonly nodeOffset: number; readonly name: string }
  /** IDs are mapped to an offset where no node begins. */
  | { readonly kind: 'no-target'; readonly nodeOffset: number; readonly targetOffset: number };

type TreeProblem =
  /** Of the `of` device trees in a FIT image that of the default configuration is read. */
  | { readonly kind: 'fit-default'; readonly name: string; readonly of: number }
  /** The configuration has overlays, which are not applied. */
  | { readonly kind: 'fit-overlays'; readonly name: string }
  | { readonly kind: 'smmus-cut'; readonly limit: number }
  | { readonly kind: 'iommus-no-iommu'; readonly name: string; readonly phandle: number }
  | { readonly kind: 'no-phandle'; readonly name: string; readonly property: string; readonly phandle: number }
  /** `cells` is null where the property is missing. */
  | { readonly kind: 'iommu-cells'; readonly name: string; readonly cells: number | null };
