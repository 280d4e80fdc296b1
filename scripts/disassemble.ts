/**
 * Disassembles raw code with the emulator's own decoder.
 * Usage: node scripts/disassemble.ts FILE [options]   or   node scripts/disassemble.ts --hex 'BYTES' [options]
 *   --address N  linear address of the first byte, 0 by default
 *   --start N    linear address to begin at, by default that of the first byte
 *   --length N   bytes to disassemble, by default all there are
 *   --mode MODE  64 (by default), 32, 16 or real
 */
import { parseArgs } from 'node:util';
import { CODE_OPTIONS, parseCode, parseNumber, runTool } from './dump/code-input.ts';
import { disassembleRange, formatLines } from './dump/listing.ts';

await runTool('disassemble', () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { ...CODE_OPTIONS, length: { type: 'string' } },
  });
  const { bytes, address, start, mode } = parseCode(positionals, values);
  const length = values.length === undefined ? undefined : Number(parseNumber('--length', values.length));
  const lines = disassembleRange(bytes, address, mode, Number(start - address), length);
  process.stdout.write(`${formatLines(lines).join('\n')}\n`);
});
