/** The database of handles and the protocols on them (UEFI specification 2.10, "Protocol Handler Services"). */
import { DEVICE_PATH } from './guid.ts';
import { OutOfMemory } from './out-of-memory.ts';

const FIRST_HANDLE = 0x1000n;
const HANDLE_STEP = 0x10n;
const MOST_HANDLES = 1024;
/** Protocols on a handle. */
const MOST_PROTOCOLS = 64;

/** In device paths: the type and subtype of the end. */
const END_TYPE = 0x7f;
const END_ENTIRE = 0xff;

export class Handles {
  /** Interface addresses by protocol by handle, all in the order of their making. */
  private readonly handles = new Map<bigint, Map<string, bigint>>();
  private next = FIRST_HANDLE;

  /** @throws OutOfMemory */
  create(): bigint {
    if (this.handles.size === MOST_HANDLES) throw new OutOfMemory();
    const handle = this.next;
    this.next += HANDLE_STEP;
    this.handles.set(handle, new Map());
    return handle;
  }

  /** Returns whether the handle is one and had no such protocol. @throws OutOfMemory */
  install(handle: bigint, protocol: string, address: bigint): boolean {
    const protocols = this.handles.get(handle);
    if (protocols === undefined || protocols.has(protocol)) return false;
    if (protocols.size === MOST_PROTOCOLS) throw new OutOfMemory();
    protocols.set(protocol, address);
    return true;
  }

  /** Returns whether it was there. A handle without protocols is gone. */
  uninstall(handle: bigint, protocol: string, address: bigint): boolean {
    const protocols = this.handles.get(handle);
    if (protocols?.get(protocol) !== address) return false;
    protocols.delete(protocol);
    if (protocols.size === 0) this.handles.delete(handle);
    return true;
  }

  /** Returns whether the old interface was there. */
  replace(handle: bigint, protocol: string, old: bigint, address: bigint): boolean {
    const protocols = this.handles.get(handle);
    if (protocols?.get(protocol) !== old) return false;
    protocols.set(protocol, address);
    return true;
  }

  has(handle: bigint): boolean {
    return this.handles.has(handle);
  }

  /** The protocol's interface; undefined if the handle has none. */
  interfaceOf(handle: bigint, protocol: string): bigint | undefined {
    return this.handles.get(handle)?.get(protocol);
  }

  all(): readonly bigint[] {
    return [...this.handles.keys()];
  }

  with(protocol: string): readonly bigint[] {
    return this.all().filter((handle) => this.handles.get(handle)?.has(protocol));
  }

  /**
   * The handle with `protocol` whose device path is the longest that `path` begins with, and that length in bytes.
   * @param read bytes of guest memory.
   */
  nearest(
    protocol: string,
    path: Uint8Array,
    read: (address: bigint) => Uint8Array,
  ): { handle: bigint; length: number } | undefined {
    let best: { handle: bigint; length: number } | undefined;
    for (const handle of this.with(protocol)) {
      const address = this.interfaceOf(handle, DEVICE_PATH);
      if (address === undefined) continue;
      const own = read(address);
      const length = own.length - END_NODE_SIZE;
      const matches = length <= path.length && own.subarray(0, length).every((byte, at) => byte === path[at]);
      if (matches && (best === undefined || length > best.length)) best = { handle, length };
    }
    return best;
  }
}

const END_NODE_SIZE = 4;
/** Nodes that a device path may have. */
const MOST_NODES = 32;

/** The bytes of a device path up to and with its end. @returns undefined when it has none. */
export function readDevicePath(
  address: bigint,
  read: (address: bigint, length: number) => Uint8Array,
): Uint8Array | undefined {
  let length = 0;
  for (let count = 0; count < MOST_NODES; count++) {
    const node = read(address + BigInt(length), END_NODE_SIZE);
    const size = (node[2] as number) | ((node[3] as number) << 8);
    if (size < END_NODE_SIZE) return undefined;
    length += size;
    if (node[0] === END_TYPE && node[1] === END_ENTIRE) return read(address, length);
  }
  return undefined;
}
