/**
 * Takes the ELF file out of a bzImage whose payload is compressed by LZ4, as Debian's cloud kernel is.
 * Sources: Linux Documentation/arch/x86/boot.rst, "payload_offset"; LZ4 frame and block format descriptions
 * ("Legacy frame").
 */
import { parseBzImage } from '../../src/boot/bzimage.ts';

const LEGACY_MAGIC = 0x184c2102;
const LEGACY_BLOCK = 8 << 20;
const MINIMUM_MATCH = 4;

/**
 * Decodes one LZ4 block to `out` at `position`; returns the position after it. No inner function shares its
 * variables: Node 26.10 sometimes loses updates of such variables once this is optimised.
 */
function decodeBlock(block: Uint8Array, out: Uint8Array, position: number): number {
  let from = 0;
  let to = position;
  while (from < block.length) {
    const token = block[from++] as number;
    let literals = token >> 4;
    if (literals === 15) {
      let byte: number;
      do {
        byte = block[from++] as number;
        literals += byte;
      } while (byte === 255);
    }
    out.set(block.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from >= block.length) break;
    const offset = (block[from] as number) | ((block[from + 1] as number) << 8);
    from += 2;
    let match = token & 15;
    if (match === 15) {
      let byte: number;
      do {
        byte = block[from++] as number;
        match += byte;
      } while (byte === 255);
    }
    // A match may overlap what it makes.
    for (const end = to + match + MINIMUM_MATCH; to < end; to++) out[to] = out[to - offset] as number;
  }
  return to;
}

export function extractVmlinux(bzImage: Uint8Array): Uint8Array {
  const { protectedMode, setupHeader } = parseBzImage(bzImage);
  const header = new DataView(setupHeader.buffer, setupHeader.byteOffset);
  const field = (offset: number): number => header.getUint32(offset - 0x1f1, true);
  const payload = protectedMode.subarray(field(0x248), field(0x248) + field(0x24c));
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getUint32(0, true) !== LEGACY_MAGIC) throw new Error('the payload is not compressed by LZ4');
  // The kernel's build appends the size of the decompressed file.
  const size = view.getUint32(payload.length - 4, true);
  const vmlinux = new Uint8Array(size);
  let position = 0;
  for (let from = 4; position < size; ) {
    const length = view.getUint32(from, true);
    if (length > LEGACY_BLOCK * 2) throw new Error('this is no LZ4 block');
    position = decodeBlock(payload.subarray(from + 4, from + 4 + length), vmlinux, position);
    from += 4 + length;
  }
  return vmlinux;
}
