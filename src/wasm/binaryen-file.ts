/**
 * How the published package comes by Binaryen's WebAssembly, which it has in a file of its own
 * (scripts/split-binaryen.ts): whoever loads the compiler says first how to read that file.
 */
let read: (() => Promise<Uint8Array>) | undefined;

/** Before the first import of binaryen.ts. */
export function provideBinaryenFile(reader: () => Promise<Uint8Array>): void {
  read = reader;
}

/** For the module that scripts/split-binaryen.ts writes. @public */
export async function readBinaryenFile(): Promise<Uint8Array> {
  if (read === undefined) throw new Error('nobody has said where binaryen.wasm is');
  return await read();
}
