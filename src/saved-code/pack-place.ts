/** Where compiled code is kept, and what for. */
import { TRANSLATOR_SECTION } from '../layout/contract.ts';
import { hash, hashOfText } from './hash.ts';
import type { PackPlace } from './messages.ts';

/** Bytes of a file that it is told by, with its length: only what is worth loading depends on it, not what is right. */
const LOOKED_AT = 64 * 1024;

/** Of the machine's options. */
export interface Guest {
  readonly codeCache: string | undefined;
  readonly kernel: Uint8Array | undefined;
  readonly bios: Uint8Array | undefined;
  readonly cpu: { readonly vendor: string; readonly withheld: ReadonlySet<string> };
}

/** What a file is told by: its beginning, by 32 bits, since this code has not warmed up when a guest waits for it. */
function beginning(file: Uint8Array): Uint32Array {
  const bytes = new Uint8Array(file.subarray(0, LOOKED_AT));
  return new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
}

const inHex = (sum: number): string => sum.toString(16).padStart(8, '0');

/**
 * The same for runs of one guest with one version of the translator on the same kind of processor; the key is letters, digits and
 * hyphens. Undefined where nothing is to be kept, or the version is not known, as in a runtime that is not of a built package.
 */
export function packPlace(
  runtime: WebAssembly.Module,
  { codeCache, kernel, bios, cpu }: Guest,
): PackPlace | undefined {
  const [version] = WebAssembly.Module.customSections(runtime, TRANSLATOR_SECTION);
  if (codeCache === undefined || version === undefined) return undefined;
  const features = [cpu.vendor, ...[...cpu.withheld].sort()].join();
  const files = [bios, kernel].map((file) =>
    file === undefined ? 'none' : `${inHex(hash(beginning(file)))}${file.length.toString(16)}`,
  );
  const key = [String.fromCharCode(...new Uint8Array(version)), inHex(hashOfText(features)), ...files].join(
    '-',
  );
  return { store: codeCache, key };
}
