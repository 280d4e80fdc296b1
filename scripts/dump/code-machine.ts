/** A processor with nothing but code in its memory, to look at what the translator makes of it. */

import { readBlockEnd } from '../../src/code-cache/block-end.ts';
import { RegionCollector } from '../../src/code-cache/region-collector.ts';
import { BlockRecords } from '../../src/compile/record-view.ts';
import type { RegionBlockSource } from '../../src/compile/region-source.ts';
import { Processor } from '../../src/cpu/processor.ts';
import type { RuntimeExports } from '../../src/cpu/runtime.ts';
import type { Ending } from '../../src/isa/row.ts';
import { CHUNK_SHIFT } from '../../src/layout/linear-memory.ts';
import {
  RECORD_DISP,
  RECORD_LENGTH,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
} from '../../src/layout/record.ts';
import { MODE } from '../../src/layout/runtime-state.ts';
import type { Code } from './code-input.ts';

const PAGE = 4096;
/** Where the code lies. Translated code is position independent, so its page need not be the one it was made for. */
const CODE_PHYSICAL = 0x10_0000;
const INT3 = 0xcc;

/** Links that running a block which ends like this would set; the one behind a call is where it returns to. */
const LINKS: Readonly<Record<Ending, readonly (typeof RECORD_LINK_TAKEN | typeof RECORD_LINK_FALL)[]>> = {
  next: [RECORD_LINK_FALL],
  jump: [RECORD_LINK_TAKEN],
  branch: [RECORD_LINK_TAKEN, RECORD_LINK_FALL],
  call: [RECORD_LINK_TAKEN, RECORD_LINK_FALL],
  return: [],
  indirectJump: [],
  indirectCall: [],
  dispatch: [],
};

/** What only generated code calls. */
interface InternalExports {
  resolveLink(record: number, link: number): number;
}

/** The code, followed by INT3 to the end of the page after it, in physical memory without paging. */
export class CodeMachine {
  private readonly processor: Processor;
  private readonly code: Code;
  /** Physical address of the first byte. */
  private readonly first: number;

  /** @param runtime the compiled build/runtime.wasm. */
  constructor(runtime: WebAssembly.Module, code: Code) {
    const refuse = (): never => {
      throw new Error('nothing runs here');
    };
    this.processor = new Processor({
      runtime,
      host: {
        readPort: refuse,
        writePort: refuse,
        readMmio: refuse,
        writeMmio: refuse,
        readMmio64: refuse,
        writeMmio64: refuse,
        now: refuse,
        random: refuse,
        writeApicMsr: refuse,
        readApicMsr: refuse,
        tscOffsetChanged: refuse,
        writeTaskPriority: refuse,
        readTaskPriority: refuse,
      },
      requestCompile: refuse,
      blockDropped: refuse,
      undefinedInstruction: refuse,
    });
    this.code = code;
    this.first = CODE_PHYSICAL + Number(code.address % BigInt(PAGE));
    this.fill();
    this.processor.runtime.updateMode();
    this.processor.setU32(MODE, code.mode);
  }

  private fill(): void {
    const { runtime, views } = this.processor;
    const { bytes } = this.code;
    const end = Math.ceil((this.first + bytes.length) / PAGE) * PAGE + PAGE;
    runtime.mapRam(0, Math.ceil(end / 2 ** CHUNK_SHIFT));
    for (let page = CODE_PHYSICAL; page < end; page += PAGE) {
      const host = runtime.hostPageAddress(page / PAGE);
      views.u8.fill(INT3, host, host + PAGE);
      const from = Math.max(page, this.first);
      const part = bytes.subarray(from - this.first, Math.max(from, page + PAGE) - this.first);
      views.u8.set(part, host + (from - page));
    }
  }

  private physical(linear: bigint): number {
    return this.first + Number(linear - this.code.address);
  }

  private isCode(physical: number): boolean {
    return physical >= this.first && physical < this.first + this.code.bytes.length;
  }

  /** Head record of the block at a physical address. */
  private lookup(physical: number): number {
    this.processor.rip = BigInt(physical);
    return this.processor.runtime.lookup();
  }

  /** The block at a linear address of the code. */
  block(linear: bigint): BlockRecords {
    const { views } = this.processor;
    const head = this.lookup(this.physical(linear));
    return new BlockRecords(head, views.u8.slice(head, readBlockEnd(views, head).last + RECORD_SIZE));
  }

  /** The region that would be compiled at a linear address if all code was hot. */
  region(linear: bigint): readonly RegionBlockSource[] {
    const start = this.physical(linear);
    this.linkReachable(start);
    const { views, runtime } = this.processor;
    return new RegionCollector(views, runtime).collect(this.lookup(start), Number.POSITIVE_INFINITY);
  }

  /** Builds what direct branches lead to within the code, and links it as running it would. */
  private linkReachable(start: number): void {
    const { views } = this.processor;
    const runtime = this.processor.runtime as RuntimeExports & InternalExports;
    const waiting = [start];
    const seen = new Set(waiting);
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const { last, ending } = readBlockEnd(views, this.lookup(at));
      const page = at - (at % PAGE);
      const targets = {
        [RECORD_LINK_TAKEN]: page + (views.i32[(last + RECORD_DISP) >> 2] as number),
        [RECORD_LINK_FALL]:
          page +
          (views.u16[(last + RECORD_PAGE_OFFSET) >> 1] as number) +
          (views.u8[last + RECORD_LENGTH] as number),
      };
      for (const link of LINKS[ending]) {
        const target = targets[link];
        if (!this.isCode(target)) continue;
        this.lookup(at); // PAGE_BASE is the block's again
        runtime.resolveLink(last, link);
        if (seen.has(target)) continue;
        seen.add(target);
        waiting.push(target);
      }
    }
  }
}
