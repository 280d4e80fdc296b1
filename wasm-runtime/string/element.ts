/** One element of a string: 1, 2, 4 or 8 bytes. */
import { finishWrite, slowRead, tryRead, tryWrite } from '../memory/mmu';

/** Zero-extended element at a host address. */
export function loadElement(host: u32, size: u32): u64 {
  switch (size) {
    case 1:
      return load<u8>(host);
    case 2:
      return load<u16>(host);
    case 4:
      return load<u32>(host);
    default:
      return load<u64>(host);
  }
}

export function storeElement(host: u32, size: u32, value: u64): void {
  switch (size) {
    case 1:
      store<u8>(host, <u8>value);
      break;
    case 2:
      store<u16>(host, <u16>value);
      break;
    case 4:
      store<u32>(host, <u32>value);
      break;
    default:
      store<u64>(host, value);
  }
}

export function readElement(record: u32, la: u64, size: u32): u64 {
  return loadElement(slowRead(record, la, size), size);
}

/** Stores an element; false if a fault has been noted (../events/raise.ts) instead. */
export function tryWriteElement(record: u32, la: u64, size: u32, value: u64): bool {
  const host = tryWrite(record, la, size);
  if (host === 0) return false;
  storeElement(host, size, value);
  finishWrite();
  return true;
}

/** Copies an element; false if a fault has been noted instead. */
export function tryMoveElement(record: u32, to: u64, from: u64, size: u32): bool {
  const host = tryRead(record, from, size);
  return host !== 0 && tryWriteElement(record, to, size, loadElement(host, size));
}
