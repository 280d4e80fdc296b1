/** Several initramfs archives as one: the kernel unpacks one after the other. */
import type { BootModule } from './door.ts';

/** The kernel looks for the next archive at a multiple of this (buffer-format.rst). */
const ALIGNMENT = 4;

/** One module as it is, or all of them in their order with zeros between. */
export function joinInitramfs(modules: readonly BootModule[]): Uint8Array {
  const [first] = modules;
  if (modules.length === 1 && first !== undefined) return first.data;
  const padded = (size: number) => Math.ceil(size / ALIGNMENT) * ALIGNMENT;
  const joined = new Uint8Array(modules.reduce((size, { data }) => size + padded(data.length), 0));
  let offset = 0;
  for (const { data } of modules) {
    joined.set(data, offset);
    offset += padded(data.length);
  }
  return joined;
}
