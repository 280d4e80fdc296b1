/** Binaryen's optimiser for modules of the writer, whose branch hints it keeps. */
import { BinaryenModule } from './binaryen.ts';

/**
 * The engine's compiler does most of this itself, and does worse with what Binaryen makes of locals and blocks:
 * docs/architecture.md has the figures.
 */
const PASSES = ['optimize-instructions', 'vacuum'];

/** @param bytes of a module. @returns those of one that does the same. */
export function optimize(bytes: Uint8Array): Uint8Array {
  const module = new BinaryenModule(bytes);
  module.runPasses(PASSES);
  return module.emit();
}
