/** Tells versions of the translator apart, so that a code cache has no code of another. */
import { TRANSLATOR_SECTION } from '../src/layout/contract.ts';

/** @param version at most 64 letters and digits. @returns the runtime with a custom section that says it. */
export function withVersion(runtime: Uint8Array, version: string): Uint8Array {
  const content = Buffer.from(TRANSLATOR_SECTION + version);
  // Id of custom sections, size, length of the name.
  const header = Buffer.from([0, 1 + content.length, TRANSLATOR_SECTION.length]);
  return Buffer.concat([runtime, header, content]);
}
