/** Which number does Linux give to a PCI host bridge of a device tree? of_pci_bus_find_domain_nr() of drivers/pci/pci.c. */

import type { TreeNode } from './device-tree.ts';
import { cellOf, hasText } from './tree-reading.ts';

export interface PciDomains {
  /** Of the host bridges that exist. */
  readonly byBridge: ReadonlyMap<TreeNode, number>;
  /** Bridges whose `linux,pci-domain` another one before them has: Linux does not register them. */
  readonly refused: readonly TreeNode[];
}

/** Bridges below a host bridge are no host bridges, whatever they map. */
export function isPciNode(node: TreeNode | null): boolean {
  return node !== null && hasText(node.properties.get('device_type'), 'pci');
}

/**
 * `linux,pci-domain` where a host bridge has it, else the least number that no node of the tree gives, disabled ones
 * included, in the order of the tree: that in which bridges are found when none has to wait for another driver.
 */
export function pciDomains(nodes: readonly TreeNode[], exists: (node: TreeNode) => boolean): PciDomains {
  const pci = nodes.filter(isPciNode);
  // Linux cuts a given number to 16 bits.
  const given = (node: TreeNode): number | null => {
    const domain = cellOf(node, 'linux,pci-domain');
    return domain === null ? null : domain & 0xffff;
  };
  const reserved = new Set(pci.map(given));
  const used = new Set<number>();
  const byBridge = new Map<TreeNode, number>();
  const refused: TreeNode[] = [];
  let next = 0;
  for (const bridge of pci) {
    if (isPciNode(bridge.parent) || !exists(bridge)) continue;
    const domain = given(bridge);
    if (domain === null) {
      while (reserved.has(next)) next += 1;
      byBridge.set(bridge, next);
      next += 1;
    } else if (used.has(domain)) refused.push(bridge);
    else {
      used.add(domain);
      byBridge.set(bridge, domain);
    }
  }
  return { byBridge, refused };
}
