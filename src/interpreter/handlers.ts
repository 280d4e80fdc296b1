/**
 * Build time: makes the handlers of all variants and links them with the AssemblyScript half into one module.
 * The handlers and the loop that they come back to (interpret.ts) are the interpreter.
 */
import { Locals } from '../emitter/locals.ts';
import { allVariants, FIRST_REGION_SLOT } from '../isa/instruction-set.ts';
import { opcode, row } from '../isa/row.ts';
import type { Variant } from '../isa/variant.ts';
import { DEBUG_GLOBAL, DEBUG_SPOIL, HOST_MODULE, TABLE } from '../layout/contract.ts';
import {
  RECORD_FN,
  SLOT_END,
  SLOT_ENTER,
  SLOT_GUARDED,
  SLOT_STALE,
  SLOT_STEPPED,
  SLOT_TOO_LONG,
  SLOT_UNDEFINED,
} from '../layout/record.ts';
import { EXIT_STEPPED } from '../layout/runtime-state.ts';
import { BinaryenModule } from '../wasm/binaryen.ts';
import type { Expression, FunctionReference } from '../wasm/builder.ts';
import { i32, none } from '../wasm/value-types.ts';
import { rowName } from './commonest.ts';
import { addExport, passOn } from './exports.ts';
import {
  ENTER_FAULT,
  enterRecord,
  type FindRuntimeFunction,
  HandlerEmitter,
  INTERPRET,
  leaveAt,
  RECORD_PARAMETER,
  recordBehind,
  recordOf,
} from './handler-emitter.ts';
import { addInterpret, enterBlock } from './interpret.ts';
import { addFollowLink, addWaysOut } from './ways-out.ts';

/** A variant for the records that are not guest instructions. */
function pseudoVariant(slot: number, mnemonic: string): Variant {
  return {
    slot,
    row: row(opcode(0, 0), mnemonic, [], () => {}),
    operandSize: 4,
    vectorSize: 16,
    form: 'plain',
    locations: [],
  };
}

/** A block whose first instruction may have a breakpoint, or may not lie within its segment. */
function addGuarded(
  m: BinaryenModule,
  runtime: FindRuntimeFunction,
  requestCompile: FunctionReference,
): FunctionReference {
  const locals = new Locals(m, [i32]);
  const body = m.block(null, [
    m.call(runtime('checkCodeLimit'), [recordOf(m)], none),
    m.call(runtime('checkInstructionBreakpoints'), [recordOf(m)], none),
    // The loop would come back here, by the head's slot.
    ...enterBlock(m, runtime, requestCompile, locals.add(i32)),
    m.return_call(runtime(INTERPRET), [recordBehind(m)], none),
  ]);
  return m.addFunction('guarded', [i32], none, locals.declared, body);
}

/** Delivers the fault that an instruction has noted and goes on with the guest's handler, or returns to the host. */
function addEnterFault(m: BinaryenModule, runtime: FindRuntimeFunction): FunctionReference {
  const body = m.block(null, [
    m.if(m.i32.eqz(m.call(runtime('deliverNoted'), [], i32)), m.return()),
    m.local.set(RECORD_PARAMETER, m.call(runtime('lookup'), [], i32)),
    // By the table: the loop, which has probes of its own, is made after this.
    enterRecord(m, () => recordOf(m)),
  ]);
  return m.addFunction(ENTER_FAULT, [i32], none, [], body);
}

/** A block whose code is gone: look the address up again. */
function addStale(m: BinaryenModule, runtime: FindRuntimeFunction): FunctionReference {
  const found = m.call(runtime('lookupStale'), [recordOf(m)], i32);
  const body = m.block(null, [m.local.set(RECORD_PARAMETER, found), enterRecord(m, () => recordOf(m))]);
  return m.addFunction('stale', [i32], none, [], body);
}

/** Ways in from JavaScript: `enter(record)` and `run()`, which enters the block at RIP. */
function addEntries(m: BinaryenModule, runtime: FindRuntimeFunction): void {
  // The block at RIP is in the first local of `run`, where `enter` has its parameter.
  const call = (): Expression =>
    m.call_indirect(m.i32.load(RECORD_FN, 4, recordOf(m)), [recordOf(m)], [i32], none);
  addExport(m, 'enter', [], call());
  const found = m.call(runtime('lookup'), [], i32);
  const body = m.block(null, [m.local.set(RECORD_PARAMETER, found), call()]);
  addExport(m, 'run', [i32], body);
}

/** What runs where guest bytes are no instruction: raises the fault. */
function addFault(
  m: BinaryenModule,
  runtime: FindRuntimeFunction,
  slot: number,
  name: string,
  raise: (e: HandlerEmitter) => void,
): FunctionReference {
  const handler = new HandlerEmitter(m, pseudoVariant(slot, name), runtime);
  raise(handler);
  return handler.finish(name);
}

interface RuntimeBuild {
  readonly runtime: Uint8Array;
  /** The same with the exports of a debug build (layout/contract.ts). */
  readonly debug: Uint8Array;
}

/**
 * @param assemblyScript the compiled wasm-runtime/, which imports and exports `env.memory`.
 * @returns the runtime module, which exports the AssemblyScript functions and `table`.
 */
export function buildRuntime(assemblyScript: Uint8Array, optimized: boolean): RuntimeBuild {
  const m = new BinaryenModule(assemblyScript);
  const handlers: FunctionReference[] = [];
  let enterFault: FunctionReference | undefined;
  const runtime: FindRuntimeFunction = (name) => {
    if (name === INTERPRET) return handlers[SLOT_ENTER] as FunctionReference;
    return name === ENTER_FAULT ? (enterFault as FunctionReference) : m.exportedFunction(name);
  };
  // For regions too, which import from the runtime only.
  const requestCompile = passOn(m, 'requestCompile', HOST_MODULE);
  enterFault = addEnterFault(m, runtime);
  handlers[SLOT_ENTER] = addInterpret(m, runtime, requestCompile, addFollowLink(m, runtime));
  handlers[SLOT_GUARDED] = addGuarded(m, runtime, requestCompile);
  handlers[SLOT_STALE] = addStale(m, runtime);
  addEntries(m, runtime);
  addWaysOut(m, runtime);
  const end = new HandlerEmitter(m, pseudoVariant(SLOT_END, 'end of block'), runtime);
  end.fallThrough();
  handlers[SLOT_END] = end.finish('end');
  handlers[SLOT_STEPPED] = m.addFunction('stepped', [i32], none, [], leaveAt(m, runtime, EXIT_STEPPED));
  const undefinedInstruction = addFault(m, runtime, SLOT_UNDEFINED, 'undefined', (e) => {
    e.run('undefinedInstruction', [e.record()]);
  });
  handlers[SLOT_UNDEFINED] = undefinedInstruction;
  handlers[SLOT_TOO_LONG] = addFault(m, runtime, SLOT_TOO_LONG, 'too long', (e) => {
    e.run('raiseGeneralProtection', [e.record(), m.i32.const(0)]);
  });
  for (const variant of allVariants()) {
    handlers[variant.slot] = new HandlerEmitter(m, variant, runtime).build(handlerName(variant));
  }

  // Slot 0 stays null: entering record 0 is a bug and traps.
  const elements = Array.from(
    { length: FIRST_REGION_SLOT - 1 },
    (_, i) => handlers[i + 1] ?? undefinedInstruction,
  );
  m.defineTable(TABLE, 1, elements);
  if (optimized) m.optimize();
  const bytes = m.emitWithNames();
  m.exportMutableGlobals(DEBUG_GLOBAL, DEBUG_SPOIL);
  return { runtime: bytes, debug: m.emitWithNames() };
}

/** Name of a variant's handler in profiles and dumps: mnemonic, operands, size, form, slot. */
function handlerName({ row, operandSize, form, slot }: Variant): string {
  return `${rowName(row).replaceAll(' ', '_')}_${operandSize * 8}_${form}_${slot}`;
}
