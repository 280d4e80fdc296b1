/** Copying and filling host memory as string instructions do it. */
import { loadElement, storeElement } from './element';

/** Bytes up to which loops beat the engine's memory.copy and memory.fill, which are calls. */
const SHORT_COPY: u32 = 64;
const SHORT_FILL: u32 = 256;

/** Copies as if through a buffer. */
function copy(to: u32, from: u32, bytes: u32): void {
  if (bytes > SHORT_COPY) {
    memory.copy(to, from, bytes);
  } else if (bytes > 32) {
    const a = v128.load(from);
    const b = v128.load(from + 16);
    const c = v128.load(from + bytes - 32);
    const d = v128.load(from + bytes - 16);
    v128.store(to, a);
    v128.store(to + 16, b);
    v128.store(to + bytes - 32, c);
    v128.store(to + bytes - 16, d);
  } else if (bytes >= 16) {
    const a = v128.load(from);
    const b = v128.load(from + bytes - 16);
    v128.store(to, a);
    v128.store(to + bytes - 16, b);
  } else if (bytes >= 8) {
    const a = load<u64>(from);
    const b = load<u64>(from + bytes - 8);
    store<u64>(to, a);
    store<u64>(to + bytes - 8, b);
  } else if (bytes >= 4) {
    const a = load<u32>(from);
    const b = load<u32>(from + bytes - 4);
    store<u32>(to, a);
    store<u32>(to + bytes - 4, b);
  } else if (bytes >= 2) {
    const a = load<u16>(from);
    const b = load<u16>(from + bytes - 2);
    store<u16>(to, a);
    store<u16>(to + bytes - 2, b);
  } else {
    store<u8>(to, load<u8>(from));
  }
}

/** Copies upwards, element after element: a target a little above the source repeats what lies between. */
export function copyUp(to: u32, from: u32, bytes: u32, size: u32): void {
  const distance = to - from;
  if (distance - 1 >= bytes - 1) {
    copy(to, from, bytes);
    return;
  }
  let i: u32 = 0;
  // Eight bytes at once are as good as single elements if none of them has been written by this very step.
  if (distance >= 8) for (; i + 8 <= bytes; i += 8) store<u64>(to + i, load<u64>(from + i));
  for (; i < bytes; i += size) storeElement(to + i, size, loadElement(from + i, size));
}

/** The same downwards; both addresses are those of the lowest byte. */
export function copyDown(to: u32, from: u32, bytes: u32, size: u32): void {
  const distance = from - to;
  if (distance - 1 >= bytes - 1) {
    copy(to, from, bytes);
    return;
  }
  for (let i = bytes; i > 0; ) {
    i -= size;
    storeElement(to + i, size, loadElement(from + i, size));
  }
}

/** Fills with a pattern whose period divides `bytes`, and so also where the last stores begin. */
export function fill(to: u32, bytes: u32, pattern: u64): void {
  if (bytes > SHORT_FILL && pattern === (pattern & 0xff) * 0x0101_0101_0101_0101) {
    memory.fill(to, <u8>pattern, bytes);
  } else if (bytes >= 16) {
    const wide = i64x2.splat(pattern);
    const last = to + bytes - 16;
    for (; to < last; to += 16) v128.store(to, wide);
    v128.store(last, wide);
  } else if (bytes >= 8) {
    store<u64>(to, pattern);
    store<u64>(to + bytes - 8, pattern);
  } else if (bytes >= 4) {
    store<u32>(to, <u32>pattern);
    store<u32>(to + bytes - 4, <u32>pattern);
  } else if (bytes >= 2) {
    store<u16>(to, <u16>pattern);
    store<u16>(to + bytes - 2, <u16>pattern);
  } else {
    store<u8>(to, <u8>pattern);
  }
}
