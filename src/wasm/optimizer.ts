/** Binaryen's optimiser for modules of the writer, whose branch hints it keeps. */
import { BinaryenModule } from './binaryen.ts';

/** @param bytes of a module. @returns those of one that does the same. */
export function optimize(bytes: Uint8Array): Uint8Array {
  const module = new BinaryenModule(bytes);
  module.optimize();
  return module.emit();
}
