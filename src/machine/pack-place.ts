/** Where compiled code is kept, and what for. */
import { TRANSLATOR_SECTION } from '../layout/contract.ts';
import type { PackPlace } from '../saved-code/messages.ts';
import type { CheckedOptions } from './options.ts';

/** Bytes of a file that it is told by, with its length: only what is worth loading depends on it, not what is right. */
const LOOKED_AT = 64 * 1024;

const codesOf = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

function hash(bytes: Iterable<number>): string {
  let sum = 0x811c_9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x0100_0193);
  return (sum >>> 0).toString(16).padStart(8, '0');
}

/**
 * The same for runs of one guest with one version of the translator on the same kind of processor; the key is letters, digits and
 * hyphens. Undefined where nothing is to be kept, or the version is not known, as in a runtime that is not of a built package.
 */
export function packPlace(
  runtime: WebAssembly.Module,
  { codeCache, kernel, bios, cpu }: Pick<CheckedOptions, 'codeCache' | 'kernel' | 'bios' | 'cpu'>,
): PackPlace | undefined {
  const [version] = WebAssembly.Module.customSections(runtime, TRANSLATOR_SECTION);
  if (codeCache === undefined || version === undefined) return undefined;
  const features = [cpu.vendor, ...[...cpu.withheld].sort()].join();
  const files = [bios, kernel].map((file) =>
    file === undefined ? 'none' : `${hash(file.subarray(0, LOOKED_AT))}${file.length.toString(16)}`,
  );
  const key = [String.fromCharCode(...new Uint8Array(version)), hash(codesOf(features)), ...files].join('-');
  return { store: codeCache, key };
}
