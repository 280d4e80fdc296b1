/** A compiler with a mistake that a fuzzer has to find. */
import { variantOf } from '../../../scripts/fuzz/choices.ts';
import type { LocalCompiler } from '../../../src/code-cache/tiering.ts';
import { compileRegions } from '../../../src/compile/compiler.ts';
import { variantOfSlot } from '../../../src/isa/instruction-set.ts';
import { RECORD_FN, RECORD_SIZE } from '../../../src/layout/record.ts';

/** Compiles every ADD as SUB. */
export const addsAsSubtractions: LocalCompiler = (regions) => {
  for (const { blocks } of regions) {
    for (const { records } of blocks) {
      const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
      for (let at = RECORD_SIZE; at < records.length; at += RECORD_SIZE) {
        const variant = variantOfSlot(view.getUint32(at + RECORD_FN, true));
        if (variant?.row.mnemonic !== 'add') continue;
        const { operandSize, form, row } = variant;
        const operands = row.operands.map(({ name }) => name).join();
        view.setUint32(at + RECORD_FN, variantOf('sub', operandSize, operands, form).slot, true);
      }
    }
  }
  return compileRegions(regions);
};
