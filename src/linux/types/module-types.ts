/**
 * What types does a loaded module bring? Its BTF is kept only behind /sys/kernel/btf: the file's node in kernfs leads to
 * the data (kernel/bpf/btf.c). From 6.18 on the attribute holds the data itself, before a `struct btf` that points to it.
 */

import type { Kernel } from '../kernel.ts';
import { BTF_MAGIC } from './btf.ts';
import { treeNodes } from './collections.ts';
import { containerOf, type KernelObject } from './kernel-object.ts';
import { BtfTypes, type Types } from './types.ts';

/** The largest module of a distribution has a few megabytes of it. */
const MAX_MODULE_BTF_BYTE_LENGTH = 1 << 24;

/** The types of a module together with those of the kernel, or null when it has none in memory. */
export function moduleTypes(kernel: Kernel, module: string): Types | null {
  if (kernel.btf === null) return null;
  for (const va of kernel.exported('kernel_kobj')) {
    const kobject = kernel.memory.u64(va);
    const directory = kobject === null ? null : kernel.object('kobject', kobject)?.bits('sd');
    const folder = directory === null || directory === undefined ? null : childOf(kernel, directory, 'btf');
    const file = folder === null ? null : childOf(kernel, folder.va, module);
    const bytes = file === null ? null : fileData(kernel, file);
    const types = bytes === null ? null : BtfTypes.in(bytes, kernel.btf);
    if (types !== null) return types;
  }
  return null;
}

/** An entry of a folder of kernfs, by its name. */
function childOf(kernel: Kernel, folder: bigint, name: string): KernelObject | null {
  const node = kernel.object('kernfs_node', folder);
  const root = node?.bits('dir.children.rb_node') ?? null;
  if (node === null || root === null) return null;
  for (const entry of treeNodes(kernel.memory, root)) {
    const child = containerOf(kernel.memory, node.layout, 'rb', entry);
    if (child?.text('name') === name) return child;
  }
  return null;
}

function fileData(kernel: Kernel, file: KernelObject): Buffer | null {
  const attribute = kernel.object('bin_attribute', file.bits('priv') ?? 0n);
  const byteLength = attribute?.number('size') ?? 0;
  const held = attribute?.bits('private') ?? null;
  if (held === null || byteLength === 0 || byteLength > MAX_MODULE_BTF_BYTE_LENGTH) return null;
  const isData = (va: bigint) => kernel.memory.bytes(va, BTF_MAGIC.byteLength)?.equals(BTF_MAGIC) === true;
  const data = isData(held) ? held : (kernel.object('btf', held)?.bits('data') ?? null);
  return data === null ? null : kernel.memory.bytes(data, byteLength);
}
