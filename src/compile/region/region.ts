/**
 * Compiles a region, a set of blocks with one entry, into one wasm function.
 *
 *     plan.ts           how the blocks hang together (control-flow.ts, split-loops.ts, unroll-loops.ts, flags/liveness.ts, budget.ts)
 *     block-emitter.ts  code of each block, up to its end
 *     attempt.ts        instructions of a block that are undone together
 *     register-placement.ts  which registers are loaded and stored where
 *     layout.ts         the blocks in their places, with the edges between them (edges.ts)
 *     leave.ts          the ways out, and what is around it all
 */

import { Locals } from '../../emitter/locals.ts';
import { MODE_CODE_64 } from '../../layout/mode.ts';
import type { FunctionReference, Module } from '../../wasm/builder.ts';
import { i32, none } from '../../wasm/value-types.ts';
import type { ModuleImports } from '../module-imports.ts';
import type { RegionSource } from '../region-source.ts';
import { BlockEmitter, type EmittedBlock } from './block-emitter.ts';
import { CodeAddress } from './code-address.ts';
import { EntryLocals } from './entry-locals.ts';
import { FlagLocals } from './flag-locals.ts';
import { LastPages } from './last-page.ts';
import { layOut } from './layout.ts';
import { Leave } from './leave.ts';
import type { RegionParts } from './parts.ts';
import { type PlannedBlock, type PlannedNode, planRegion, type RegionPlan } from './plan.ts';
import { MainBank, UpperBank } from './register-locals.ts';
import { PlacedRegisters, placeRegisters, type RegisterUse } from './register-placement.ts';
import { SavedConstants } from './saved-constants.ts';
import { upperHalvesNamed } from './upper-halves.ts';

const UNUSED: RegisterUse = { touched: 0, written: 0 };

/** Adds the region as a function called `name`: (head record) -> (). */
export function compileRegion(
  m: Module,
  name: string,
  { tier, isLast, roundsInPlace, savedAt, blocks: sources }: RegionSource,
  imports: ModuleImports,
  fusesMultiplyAdd: boolean,
): FunctionReference {
  const isHot = tier !== 'first';
  const plan = planRegion(sources, isHot);
  const { blocks, shape } = plan;
  const { mode } = (blocks[0] as PlannedBlock).records;
  const locals = new Locals(m, [i32]);
  const code = new CodeAddress(m, locals);
  const flags = new FlagLocals(m, locals, imports);
  const parts: RegionParts = {
    m,
    imports,
    locals,
    registers: new MainBank(m, locals, (mode & MODE_CODE_64) === 0),
    uppers: new UpperBank(m, locals, upperHalvesNamed(blocks)),
    flags,
    code,
    constants: new SavedConstants(m, savedAt),
    leave: new Leave(m, imports, locals, code, flags, isLast),
    entryLocals: new EntryLocals(m, locals),
    fusesMultiplyAdd,
    isHot,
    roundsInPlace,
    attempts: 0,
    lastPages: shape.isLoopHeader.includes(true) ? new LastPages(m, locals, isLast) : undefined,
  };
  const emitted = emitBlocks(parts, plan);
  const registers = place(parts, plan, emitted);
  const body = registers.atEntry();
  if (parts.lastPages !== undefined) body.push(...parts.lastPages.forget());
  parts.entryLocals.set(body);
  emitted[0]?.columns.enter(undefined, body);
  body.push(layOut(parts, plan, emitted, registers));
  const around = parts.leave.around(body, (blocks[0] as PlannedBlock).records, plan.budget.need[0] as number);
  return m.addFunction(name, [i32], none, locals.declared, around);
}

/** Code of all blocks, by index; undefined where no way leads to. */
function emitBlocks(
  parts: RegionParts,
  { blocks, shape, successors }: RegionPlan,
): readonly (EmittedBlock | undefined)[] {
  const emitters: (BlockEmitter | undefined)[] = new Array(blocks.length).fill(undefined);
  // In a group, whatever leads to a block comes before it.
  const before: (BlockEmitter | undefined)[] = new Array(successors.length).fill(undefined);
  for (const node of shape.order) {
    const block = blocks[node];
    if (block === undefined) continue;
    const emitter = new BlockEmitter(parts, block, block.group === node ? undefined : before[node]);
    const following = successors[node] as readonly number[];
    emitter.emitBlock(following, blocks);
    emitters[node] = emitter;
    for (const next of following) before[next] = emitter;
  }
  const emitted: (EmittedBlock | undefined)[] = [];
  for (const emitter of emitters) emitted.push(emitter?.finish());
  return emitted;
}

/** Hubs use none. */
function place(
  parts: RegionParts,
  { blocks, hubs, shape, successors }: RegionPlan,
  emitted: readonly (EmittedBlock | undefined)[],
): PlacedRegisters {
  const registerUses: RegisterUse[] = [];
  const upperUses: RegisterUse[] = [];
  const groups: number[] = [];
  for (let b = 0; b < successors.length; b++) {
    const block = emitted[b];
    registerUses.push(block === undefined ? UNUSED : block.registerUse);
    upperUses.push(block === undefined ? UNUSED : block.upperUse);
    groups.push(((blocks[b] ?? hubs[b - blocks.length]) as PlannedNode).group);
  }
  return new PlacedRegisters(
    { bank: parts.registers, placement: placeRegisters(registerUses, groups, shape.order, successors) },
    { bank: parts.uppers, placement: placeRegisters(upperUses, groups, shape.order, successors) },
  );
}
