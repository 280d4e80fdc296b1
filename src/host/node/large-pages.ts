/**
 * Large pages for what is large. Linux gives a page of 4 KiB when one is first touched, which takes some thousand instructions, and in some
 * virtual machines ten times as long; where a program asks for large pages, it gives 2 MiB in the time of a few small ones, and the
 * processor's TLB has room for all that a guest touches.
 * Source: madvise(2), MADV_HUGEPAGE. Most distributions leave it to programs (/sys/kernel/mm/transparent_hugepage/enabled is `madvise`).
 */
type ForeignFunctions = typeof import('node:ffi');

/** Of linux/mman.h. */
const MADV_HUGEPAGE = 14;
const PAGE = 4096n;

type Advise = (buffer: ArrayBuffer, length: number) => void;

/** Node has it since version 26.1. It is experimental, which a user need not be warned of: without it a guest is only slower. */
function loadForeignFunctions(): ForeignFunctions | undefined {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule?.('node:ffi');
  } finally {
    process.emitWarning = emitWarning;
  }
}

function findAdvise(): Advise {
  const nothing = (): void => {};
  if (process.platform !== 'linux') return nothing;
  try {
    const ffi = loadForeignFunctions();
    if (ffi === undefined) return nothing;
    const { functions } = ffi.dlopen(null, {
      madvise: { arguments: ['pointer', 'uint64', 'int32'], return: 'int32' },
    });
    return (buffer, length) => {
      const address = ffi.getRawPointer(buffer);
      const start = (address + PAGE - 1n) & -PAGE;
      const end = (address + BigInt(length)) & -PAGE;
      // Linux refuses where it has no large pages.
      if (end > start) functions.madvise(start, end - start, MADV_HUGEPAGE);
    };
  } catch {
    // With --permission and without --allow-ffi.
    return nothing;
  }
}

let advise: Advise | undefined;

/**
 * Asks for large pages. To be called before the buffer is touched.
 *
 * @param length in bytes from its beginning: more than it has for a memory that will grow within what the engine has reserved for it.
 */
export function useLargePages(buffer: ArrayBuffer, length = buffer.byteLength): void {
  advise ??= findAdvise();
  advise(buffer, length);
}
