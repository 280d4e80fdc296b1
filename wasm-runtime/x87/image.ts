/** A buffer for state that goes to or comes from guest memory as a whole: 64-byte pieces, no fault halfway. */
import { fillRead, fillWrite, finishWrite, probeDataWrite, slowRead, slowWrite } from '../memory/mmu';

const PIECE: u32 = 64;

/** Room for the largest image: the XSAVE area with AVX state and PKRU. */
export const IMAGE: u32 = <u32>memory.data(840, 16);

/** Copies `size` bytes at offset `start` of the area at `la` from guest memory to the same offset of IMAGE. */
export function readImage(record: u32, la: u64, start: u32, size: u32): void {
  la += start;
  let target = IMAGE + start;
  const direct = fillRead(la, size);
  if (direct !== 0) {
    memory.copy(target, direct, size);
    return;
  }
  while (size !== 0) {
    const piece = min(size, PIECE);
    memory.copy(target, slowRead(record, la, piece), piece);
    la += piece;
    target += piece;
    size -= piece;
  }
}

/** Raises what writing `size` bytes at `la` would raise: comes before the first writeImage(). */
export function probeImage(record: u32, la: u64, size: u32): void {
  probeDataWrite(record, la, size);
}

/** Copies `size` bytes at offset `start` of IMAGE to the same offset of the area at `la`. */
export function writeImage(record: u32, la: u64, start: u32, size: u32): void {
  la += start;
  let source = IMAGE + start;
  const direct = fillWrite(la, size);
  if (direct !== 0) {
    memory.copy(direct, source, size);
    return;
  }
  // A piece that overwrites translated code restarts the instruction: no harm, its result is the same again.
  while (size !== 0) {
    const piece = min(size, PIECE);
    memory.copy(slowWrite(record, la, piece), source, piece);
    finishWrite();
    la += piece;
    source += piece;
    size -= piece;
  }
}
