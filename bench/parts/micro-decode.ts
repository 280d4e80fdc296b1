/** How long the decoder takes for an instruction of a kernel. */
import { parseElf } from '../../src/boot/elf.ts';
import { Decoder } from '../../src/isa/decoder.ts';
import { MODE_CODE_64 } from '../../src/layout/mode.ts';

/** Bytes that are decoded before it counts, and those that count. */
const WARM_UP = 1 << 20;
const COUNTED = 4 << 20;
const PAGE_MASK = 0xfff;

/** Decodes one instruction after the other; of what is none, a byte. Returns how many. */
function decodeAll(decoder: Decoder, bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) {
    decoder.decode(bytes, at, bytes.length, at & PAGE_MASK, MODE_CODE_64);
    at += decoder.instruction.variant === undefined ? 1 : decoder.instruction.length;
  }
  return count;
}

/** @param vmlinux an ELF file whose first segment begins with code. */
export function nanosecondsPerDecode(vmlinux: Uint8Array): number {
  const [text] = parseElf(vmlinux).segments;
  if (text === undefined) throw new Error('the kernel has no code');
  const decoder = new Decoder();
  decodeAll(decoder, text.data.subarray(0, WARM_UP));
  const start = performance.now();
  const count = decodeAll(decoder, text.data.subarray(WARM_UP, WARM_UP + COUNTED));
  return ((performance.now() - start) * 1e6) / count;
}
