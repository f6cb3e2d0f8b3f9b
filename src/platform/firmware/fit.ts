/**
 * The device tree in a FIT image, as U-Boot boots from: a device tree itself, whose nodes below /images are a kernel, device
 * trees and others. Their bytes are a property, or lie behind the tree, as `mkimage -E` puts them: Flat Image Tree
 * Specification 1.0, "Image nodes" and "External data". Every place is checked.
 */

import { gunzipSync } from 'node:zlib';
import { InputError } from '../../errors.ts';
import { type DeviceTree, parseDeviceTree, type TreeNode } from './device-tree.ts';
import type { FirmwareProblem } from './problem.ts';
import { cellsOf, hasText, textsOf } from './tree-reading.ts';

/** A tree of a large machine has some hundreds of kilobytes. */
const MAX_TREE_BYTES = 1 << 24;
/** How many images are named in a message. */
const MAX_NAMED = 10;

/** What is in an image of a tree, and what has to be said of the choice. */
export interface TreeInFit {
  readonly tree: DeviceTree;
  readonly problems: readonly FirmwareProblem[];
}

/** Null for a tree that is no FIT image. Throws InputError (`format`) for one of which no device tree can be read. */
export function treeInFit(bytes: Buffer, { nodes, byteLength }: DeviceTree, file: string): TreeInFit | null {
  const [root] = nodes;
  const childOf = (parent: TreeNode | undefined, name: string) =>
    nodes.find((node) => node.parent === parent && node.name === name);
  const folder = root === undefined ? undefined : childOf(root, 'images');
  const images = nodes.filter((node) => node.parent === folder && isImage(node));
  if (folder === undefined || images.length === 0) return null;

  const refuse = (message: string): never => {
    throw new InputError('format', message, { file });
  };
  const takeOut = (node: TreeNode) =>
    `take it out: dumpimage -T flat_dt -p ${images.indexOf(node)} -o machine.dtb FILE`;
  const trees = images.filter(({ properties }) => hasText(properties.get('type'), 'flat_dt'));
  const problems: FirmwareProblem[] = [];
  const chosen =
    trees.length > 1
      ? ofDefault()
      : (trees[0] ?? refuse(`is a FIT image without a device tree; it has ${named(images)}`));
  const content = unpacked(chosen, contentOf(chosen));
  return { tree: parseDeviceTree(content, `${file}, image ${chosen.name}`), problems };

  /** Of several trees the boot loader takes one that a configuration names. */
  function ofDefault(): TreeNode {
    const configurations = root === undefined ? undefined : childOf(root, 'configurations');
    const [name] = textsOf(configurations?.properties.get('default'));
    const [first, ...overlays] = textsOf(childOf(configurations, name ?? '')?.properties.get('fdt'));
    const found = trees.find((node) => node.name === first);
    const [one] = trees;
    if (found === undefined || one === undefined) {
      const message = `is a FIT image of ${trees.length} device trees, ${named(trees)}, and no default configuration says which`;
      return refuse(
        `${message}; find out which one the machine boots with, and ${takeOut(found ?? (one as TreeNode))}`,
      );
    }
    problems.push({ kind: 'fit-default', name: found.name, of: trees.length });
    if (overlays.length > 0) problems.push({ kind: 'fit-overlays', name: name ?? '' });
    return found;
  }

  function contentOf({ name, properties }: TreeNode): Buffer {
    const inside = properties.get('data');
    if (inside !== undefined) return inside;
    const [size] = cellsOf(properties.get('data-size'));
    const [position] = cellsOf(properties.get('data-position'));
    const [offset] = cellsOf(properties.get('data-offset'));
    // What lies outside begins at the next word behind the tree.
    const start = position ?? (offset === undefined ? undefined : Math.ceil(byteLength / 4) * 4 + offset);
    if (size === undefined || start === undefined) {
      return refuse(`is a FIT image whose image ${name} has neither data nor their place and size`);
    }
    if (start + size > bytes.length) {
      const place = `${size} bytes at offset 0x${start.toString(16)}`;
      return refuse(`is a FIT image that is cut off: image ${name} has ${place}, the file ${bytes.length} bytes`);
    }
    return bytes.subarray(start, start + size);
  }

  function unpacked(node: TreeNode, content: Buffer): Buffer {
    const [compression = 'none'] = textsOf(node.properties.get('compression'));
    if (compression === 'none' || compression === '') return content;
    const has = `is a FIT image whose image ${node.name}`;
    if (compression !== 'gzip') return refuse(`${has} is packed with ${compression}; ${takeOut(node)}, and unpack it`);
    try {
      return gunzipSync(content, { maxOutputLength: MAX_TREE_BYTES });
    } catch {
      return refuse(`${has} cannot be unpacked by gzip`);
    }
  }
}

function isImage({ properties }: TreeNode): boolean {
  return properties.has('data') || properties.has('data-size');
}

function named(images: readonly TreeNode[]): string {
  const more = images.length > MAX_NAMED ? ', …' : '';
  return (
    images
      .slice(0, MAX_NAMED)
      .map(({ name }) => name)
      .join(', ') + more
  );
}
