/** Assembles many pieces of code in one run of GNU as. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { type CodeMode, SCRATCH } from '../../test/vectors/layout.ts';

/** The longest piece of code a case may have, in bytes. */
const MAXIMUM = 32;

/**
 * Turns texts into machine code. Each text is assembled on its own: `.` is its start, and `scratch` is a
 * displacement that makes [rip + scratch + n] address the data area once the code lies where `codeAddress`
 * says.
 *
 * @throws Error with the assembler's messages, if a text is wrong
 */
export function assemble(
  texts: readonly { readonly text: string; readonly mode: CodeMode }[],
  directory: string,
  codeAddress: number,
): Uint8Array[] {
  const source = `${directory}/cases.s`;
  const object = `${directory}/cases.o`;
  const lines = ['.intel_syntax noprefix', '.text'];
  for (const [i, { text, mode }] of texts.entries()) {
    const displaced = text.replaceAll('scratch', `S${i}-${codeAddress - SCRATCH}`);
    lines.push(
      `.code${mode}`,
      `S${i}: ${displaced}`,
      `E${i}:`,
      `.section .sizes`,
      `.byte E${i}-S${i}`,
      `.text`,
    );
    lines.push(`.balign ${MAXIMUM}, 0xcc`);
  }
  writeFileSync(source, `${lines.join('\n')}\n`);
  execFileSync('as', ['--64', '-o', object, source], { stdio: ['ignore', 'inherit', 'inherit'] });
  const section = (name: string): Uint8Array => {
    const file = `${directory}/section`;
    execFileSync('objcopy', [
      '-O',
      'binary',
      '--set-section-flags',
      '.sizes=alloc',
      '-j',
      name,
      object,
      file,
    ]);
    return readFileSync(file);
  };
  const code = section('.text');
  return [...section('.sizes')].map((size, i) => {
    if (size > MAXIMUM) throw new Error(`too long: ${texts[i].text}`);
    return code.slice(i * MAXIMUM, i * MAXIMUM + size);
  });
}
