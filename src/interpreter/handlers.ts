/**
 * Build time: makes the handlers of all variants and links them with the AssemblyScript half into one module.
 * The handlers together are the interpreter.
 */
import {
  FIRST_HANDLER_SLOT,
  SLOT_END,
  SLOT_ENTER,
  SLOT_STALE,
  SLOT_STEPPED,
  SLOT_TOO_LONG,
  SLOT_UNDEFINED,
  VARIANTS,
} from '../isa/instruction-set.ts';
import { opcode, row } from '../isa/row.ts';
import type { Variant } from '../isa/variant.ts';
import {
  BUDGET,
  COUNTER_INTERPRETED_INSTRUCTIONS,
  COUNTERS,
  EXIT_BUDGET,
  EXIT_STEPPED,
} from '../layout/cpu-state.ts';
import { CPU_STATE } from '../layout/linear-memory.ts';
import { HEAD_COUNT, HEAD_HOTNESS, RECORD_FN, RECORD_SIZE } from '../layout/record.ts';
import {
  type Expression,
  emit,
  exportedFunction,
  i32,
  type Module,
  none,
  optimize,
  readModule,
} from '../wasm/binaryen.ts';
import {
  enterRecord,
  HandlerEmitter,
  leaveAt,
  RECORD_PARAMETER,
  recordOf,
  TABLE,
} from './handler-emitter.ts';

const INTERPRETED = CPU_STATE + COUNTERS + COUNTER_INTERPRETED_INSTRUCTIONS * 8;

/** A variant for the records that are not guest instructions. */
export function pseudoVariant(slot: number, mnemonic: string): Variant {
  return {
    slot,
    row: row(opcode(0, 0), mnemonic, [], () => {}),
    operandSize: 4,
    form: 'plain',
    locations: [],
  };
}

/** Enters a block that has not been compiled: takes its instructions from the budget and counts it. */
function addEnter(m: Module): void {
  const zero = (): Expression => m.i32.const(0);
  const instructions = (): Expression => m.i32.load16_u(HEAD_COUNT, 2, recordOf(m));
  const local = (): Expression => m.local.get(1, i32);
  const interpreted = m.i64.load(INTERPRETED, 8, zero());
  const body = m.block(null, [
    m.local.set(1, m.i32.sub(m.i32.load(CPU_STATE + BUDGET, 4, zero()), instructions())),
    m.if(m.i32.lt_s(local(), m.i32.const(0)), leaveAt(m, EXIT_BUDGET)),
    m.i32.store(CPU_STATE + BUDGET, 4, zero(), local()),
    m.i64.store(INTERPRETED, 8, zero(), m.i64.add(interpreted, m.i64.extend_u(instructions()))),
    m.local.set(1, m.i32.sub(m.i32.load(HEAD_HOTNESS, 4, recordOf(m)), m.i32.const(1))),
    m.i32.store(HEAD_HOTNESS, 4, recordOf(m), local()),
    m.if(m.i32.eqz(local()), m.call('requestCompile', [recordOf(m)], none)),
    m.return_call_indirect(
      TABLE,
      m.i32.load(RECORD_SIZE + RECORD_FN, 4, recordOf(m)),
      [m.i32.add(recordOf(m), m.i32.const(RECORD_SIZE))],
      i32,
      none,
    ),
  ]);
  m.addFunction('enter', i32, none, [i32], body);
}

/** A block whose code is gone: look the address up again. */
function addStale(m: Module): void {
  const found = m.call(exportedFunction(m, 'lookupStale'), [recordOf(m)], i32);
  const body = m.block(null, [m.local.set(RECORD_PARAMETER, found), enterRecord(m, () => recordOf(m))]);
  m.addFunction('stale', i32, none, [], body);
}

/** Ways in from JavaScript: `enter(record)` and `run()`, which enters the block at RIP. */
function addEntries(m: Module): void {
  // The block at RIP is in the first local of `run`, where `enter` has its parameter.
  const call = (): Expression =>
    m.call_indirect(TABLE, m.i32.load(RECORD_FN, 4, recordOf(m)), [recordOf(m)], i32, none);
  m.addFunction('enterRecord', i32, none, [], call());
  m.addFunctionExport('enterRecord', 'enter');
  const found = m.call(exportedFunction(m, 'lookup'), [], i32);
  m.addFunction('run', none, none, [i32], m.block(null, [m.local.set(RECORD_PARAMETER, found), call()]));
  m.addFunctionExport('run', 'run');
}

/** What runs where guest bytes are no instruction: raises the fault. */
function addFault(m: Module, slot: number, name: string, raise: (e: HandlerEmitter) => void): void {
  const handler = new HandlerEmitter(m, pseudoVariant(slot, name));
  raise(handler);
  handler.finish(name);
}

/**
 * @param assemblyScript the compiled wasm-runtime/, which imports and exports `env.memory`.
 * @returns the runtime module: exports the AssemblyScript functions and `table`.
 */
export function buildRuntime(assemblyScript: Uint8Array, optimized: boolean): Uint8Array {
  const m = readModule(assemblyScript);
  m.addFunctionImport('requestCompile', 'host', 'requestCompile', i32, none);

  addEnter(m);
  addStale(m);
  addEntries(m);
  const end = new HandlerEmitter(m, pseudoVariant(SLOT_END, 'end of block'));
  end.fallThrough();
  end.finish('end');
  m.addFunction('stepped', i32, none, [], leaveAt(m, EXIT_STEPPED));
  addFault(m, SLOT_UNDEFINED, 'undefined', (e) => e.run('undefinedInstruction', [e.record()]));
  addFault(m, SLOT_TOO_LONG, 'too long', (e) => {
    e.run('raiseGeneralProtection', [e.record(), m.i32.const(0)]);
  });

  const names: string[] = [];
  names[SLOT_ENTER] = 'enter';
  names[SLOT_STALE] = 'stale';
  names[SLOT_END] = 'end';
  names[SLOT_STEPPED] = 'stepped';
  names[SLOT_UNDEFINED] = 'undefined';
  names[SLOT_TOO_LONG] = 'too long';
  for (const variant of VARIANTS) {
    const name = handlerName(variant);
    new HandlerEmitter(m, variant).build(name);
    names[variant.slot] = name;
  }

  const size = FIRST_HANDLER_SLOT + VARIANTS.length;
  m.addTable(TABLE, size, -1);
  // Slot 0 stays null: entering record 0 is a bug and traps.
  const elements = Array.from({ length: size - 1 }, (_, i) => names[i + 1] ?? 'undefined');
  m.addActiveElementSegment(TABLE, 'handlers', elements, m.i32.const(1));
  m.addTableExport(TABLE, TABLE);
  if (optimized) optimize(m);
  if (!m.validate()) throw new Error('the runtime module is not valid');
  const bytes = emit(m, true);
  m.dispose();
  return bytes;
}

/** Name of a variant's handler in profiles and dumps: mnemonic, operands, size, form, slot. */
export function handlerName({ row: { mnemonic, operands }, operandSize, form, slot }: Variant): string {
  return `${mnemonic}_${operands.map((operand) => operand.name).join('_')}_${operandSize * 8}_${form}_${slot}`;
}
