/**
 * Shows what the translator makes of code: the guest's instructions with their records on the left, WebAssembly on
 * the right. What follows the code counts as INT3.
 * Usage: node scripts/dump-block.ts FILE [options]   or   node scripts/dump-block.ts --hex 'BYTES' [options]
 *   --address N     linear address of the first byte, 0 by default
 *   --start N       linear address of the block, by default that of the first byte
 *   --mode MODE     64 (by default), 32, 16 or real
 *   --supervisor    code that may access supervisor pages; user code by default
 *   --tier TIER     interpreter (by default): the handlers of one block
 *                   compiled: the function of the region that begins with the block
 *   --back-end NAME what makes regions: writer (by default) or binaryen
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compileRegions } from '../src/compile/compiler.ts';
import { BlockRecords } from '../src/compile/record-view.ts';
import { disassemble } from '../src/isa/disassembler.ts';
import { FIRST_REGION_SLOT } from '../src/isa/instruction-set.ts';
import { MODE_VIEW_SHIFT } from '../src/layout/mode.ts';
import { BinaryenModule } from '../src/wasm/binaryen.ts';
import type { Module } from '../src/wasm/builder.ts';
import { ModuleWriter } from '../src/wasm/writer/module-writer.ts';
import { CODE_OPTIONS, type Code, parseCode, runTool, UsageError } from './dump/code-input.ts';
import { CodeMachine } from './dump/code-machine.ts';
import { hexBytes, sideBySide } from './dump/listing.ts';
import { recordLines } from './dump/record-text.ts';
import { functionsOf, Handlers } from './dump/wat.ts';

const RUNTIME = new URL('../build/runtime.wasm', import.meta.url);
const SUPERVISOR_VIEW = 1;
/** Columns of the left side. */
const WIDTH = 56;

/** An instruction and its record; for the record at the end of a block without a branch, only that. */
function instructionLines(code: Code, records: BlockRecords, index: number, page: bigint): string[] {
  const record = recordLines(records, index).map((line) => `  ${line}`);
  if (index >= records.count) return record;
  const address = page + BigInt(records.pageOffset(index));
  const offset = Number(address - code.address);
  // Behind the code the machine has INT3.
  const available = Uint8Array.from({ length: 15 }, (_, i) => code.bytes[offset + i] ?? 0xcc);
  const { text } = disassemble(available, address, code.mode);
  const bytes = hexBytes(available.subarray(0, records.instructionLength(index)));
  return [`${address.toString(16)}  ${text}`, `  ${bytes}`, ...record];
}

function pageOf(address: bigint): bigint {
  return address & ~0xfffn;
}

async function dumpHandlers(machine: CodeMachine, code: Code, runtime: Uint8Array): Promise<string[]> {
  const handlers = await Handlers.read(runtime);
  if (handlers.count !== FIRST_REGION_SLOT)
    throw new UsageError('build/runtime.wasm is outdated: run `npm run build`');
  const records = machine.block(code.start);
  return Array.from({ length: records.length }, (_, index) => [
    ...sideBySide(
      instructionLines(code, records, index, pageOf(code.start)),
      handlers.lines(records.slot(index)),
      WIDTH,
    ),
    '',
  ]).flat();
}

async function dumpRegion(machine: CodeMachine, code: Code, m: Module): Promise<string[]> {
  const blocks = machine.region(code.start);
  const left = blocks.flatMap(({ head, records: bytes, taken, fall, page }, number) => {
    const records = new BlockRecords(head, bytes);
    const linearPage = pageOf(code.start) + BigInt(page) * 4096n;
    const next = (name: string, block: number) => (block < 0 ? '' : `, ${name} block ${block}`);
    return [
      `block ${number}${next('taken', taken)}${next('falls through to', fall)}`,
      ...Array.from({ length: records.length }, (_, i) =>
        instructionLines(code, records, i, linearPage),
      ).flat(),
      '',
    ];
  });
  const right = await functionsOf(
    compileRegions([{ tier: 'first', isLast: false, roundsInPlace: true, blocks }], m),
  );
  return sideBySide(left, right, WIDTH);
}

await runTool('dump-block', async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...CODE_OPTIONS,
      supervisor: { type: 'boolean', default: false },
      tier: { type: 'string', default: 'interpreter' },
      'back-end': { type: 'string', default: 'writer' },
    },
  });
  const { tier, 'back-end': backEnd } = values;
  if (backEnd !== 'writer' && backEnd !== 'binaryen')
    throw new UsageError(`--back-end ${backEnd}: writer or binaryen`);
  if (tier !== 'interpreter' && tier !== 'compiled')
    throw new UsageError(`--tier ${tier}: interpreter or compiled`);
  const given = parseCode(positionals, values);
  const view = values.supervisor ? SUPERVISOR_VIEW << MODE_VIEW_SHIFT : 0;
  const code = { ...given, mode: given.mode | view };
  const runtime = readFileSync(RUNTIME);
  const machine = new CodeMachine(new WebAssembly.Module(runtime), code);
  const lines =
    tier === 'interpreter'
      ? await dumpHandlers(machine, code, runtime)
      : await dumpRegion(machine, code, backEnd === 'writer' ? new ModuleWriter() : new BinaryenModule());
  process.stdout.write(`${lines.join('\n').trimEnd()}\n`);
});
