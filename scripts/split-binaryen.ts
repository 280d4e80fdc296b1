/**
 * Binaryen for dist/: its WebAssembly in a file of its own. The npm package has it in a string in its JavaScript,
 * 15 MB of source text that an engine has to parse, copy and decode: loading takes 290 ms instead of 70.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';

const JAVASCRIPT = 'binaryen.js';
const LICENSE = 'LICENSE';
/** WebAssembly's magic number in a template literal, behind the function that decodes the string. */
const START = /\w+\(`\\0asm/;

const LOADER = `import { readBinaryenFile } from '../wasm/binaryen-file.js';
const separateWasm = await readBinaryenFile();
`;

/**
 * Binaryen's JavaScript with LOADER in place of the string, and the module that was in it.
 * @throws Error if the module is not where it is expected.
 */
export function splitBinaryen(source: string): { javascript: string; wasm: Uint8Array } {
  const call = START.exec(source);
  if (call === null) throw new Error('Binaryen has no WebAssembly in its JavaScript');
  const literal = source.indexOf('`', call.index);
  const end = endOfLiteral(source, literal);
  const text = runInNewContext(source.slice(literal, end)) as string;
  // Byte 0 may be character 256.
  const wasm = Uint8Array.from(text, (character) => character.charCodeAt(0));
  if (!WebAssembly.validate(wasm))
    throw new Error("Binaryen's WebAssembly is coded in a way that is not known");
  return { javascript: `${LOADER}${source.slice(0, call.index)}separateWasm${source.slice(end + 1)}`, wasm };
}

/** Offset behind the template literal that begins at an offset. */
function endOfLiteral(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '`') return at + 1;
  }
  throw new Error("Binaryen's JavaScript ends in a string");
}

/**
 * Writes JavaScript and licence to a folder, and the module to a file.
 * @returns the name of the JavaScript file.
 */
export function writeBinaryen(folder: string, moduleFile: string): string {
  const source = fileURLToPath(import.meta.resolve('binaryen'));
  const { javascript, wasm } = splitBinaryen(readFileSync(source, 'utf8'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, JAVASCRIPT), javascript);
  writeFileSync(moduleFile, wasm);
  copyFileSync(join(dirname(source), LICENSE), join(folder, LICENSE));
  return JAVASCRIPT;
}
