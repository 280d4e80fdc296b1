/** Records in words: the fields of layout/record.ts that say something. */

import type { BlockRecords } from '../../src/compile/record-view.ts';
import { variantOfSlot } from '../../src/isa/instruction-set.ts';
import { GPR, SEGMENT_NONE, YMM } from '../../src/layout/cpu-state.ts';
import { SLOT_END, SLOT_UNDEFINED } from '../../src/layout/record.ts';
import { PAGE_BASE, ZERO_REGISTER } from '../../src/layout/runtime-state.ts';

const GENERAL = ['RAX', 'RCX', 'RDX', 'RBX', 'RSP', 'RBP', 'RSI', 'RDI'];
const SEGMENTS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];
const ADDRESS_BITS = [64, 32, 16];
const YMM_SIZE = 32;

/** Name of the register at an offset in the processor state. */
function registerAt(offset: number): string {
  if (offset === PAGE_BASE) return 'page';
  if (offset >= YMM && offset < YMM + 16 * YMM_SIZE) return `XMM${(offset - YMM) / YMM_SIZE}`;
  if (offset < GPR || offset >= GPR + 16 * 8) return `${offset}`;
  const number = (offset - GPR) >> 3;
  const name = GENERAL[number] ?? `R${number}`;
  const byte = (offset - GPR) & 7;
  return byte === 0 ? name : `${name}[${byte}]`;
}

function signedHex(value: number | bigint): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function immediateOf(records: BlockRecords, index: number): bigint {
  return (BigInt(records.immediateHigh(index)) << 32n) | BigInt(records.immediateLow(index) >>> 0);
}

/** What a slot of the function table is for. */
function slotText(slot: number): string {
  if (slot === SLOT_END) return 'end of block';
  if (slot === SLOT_UNDEFINED) return 'undefined';
  const variant = variantOfSlot(slot);
  if (variant === undefined) return '?';
  const operands = variant.row.operands.map((operand) => operand.name).join(',');
  return `${variant.row.mnemonic} ${operands} ${variant.operandSize * 8} ${variant.form}`;
}

/** @param index of the record in the block; the end record counts. */
export function recordLines(records: BlockRecords, index: number): string[] {
  const slot = records.slot(index);
  const fields: string[] = [];
  for (const location of variantOfSlot(slot)?.locations ?? []) {
    switch (location.kind) {
      case 'general':
      case 'xmm':
        fields.push(`${location.field}=${registerAt(records.register(index, location.field))}`);
        break;
      case 'x87':
      case 'segment':
      case 'control':
      case 'debug':
        fields.push(`${location.field}=${records.register(index, location.field)}`);
        break;
      case 'memory':
        fields.push(...memoryFields(records, index));
        break;
      case 'immediate':
      case 'offset':
        fields.push(`imm=${signedHex(immediateOf(records, index))}`);
        break;
      case 'relative':
        fields.push(`disp=${signedHex(records.displacement(index))}`);
        break;
      default:
        fields.push(`segment=${SEGMENTS[records.segment(index)] ?? 'none'}`);
    }
  }
  return [
    `fn=${slot} ${slotText(slot)}`,
    `pageOffset=0x${records.pageOffset(index).toString(16)} length=${records.instructionLength(index)}`,
    ...(fields.length > 0 ? [fields.join(' ')] : []),
  ];
}

function memoryFields(records: BlockRecords, index: number): string[] {
  const base = records.base(index);
  const indexRegister = records.indexRegister(index);
  const segment = records.segment(index);
  const addressSize = ADDRESS_BITS[records.addressSize(index)];
  return [
    ...(base === ZERO_REGISTER ? [] : [`base=${registerAt(base)}`]),
    ...(indexRegister === ZERO_REGISTER
      ? []
      : [`index=${registerAt(indexRegister)}*${1 << records.scale(index)}`]),
    `disp=${signedHex(records.displacement(index))}`,
    ...(addressSize === 64 ? [] : [`address=${addressSize}`]),
    ...(segment === SEGMENT_NONE ? [] : [`segment=${SEGMENTS[segment]}`]),
  ];
}
