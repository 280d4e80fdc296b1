/** The inline probe of the jump cache (wasm-runtime/code/jump-cache.ts), for indirect branches of code whose offsets are linear addresses. */

import type { Local } from '../../emitter/locals.ts';
import type { Value } from '../../isa/emitter.ts';
import {
  CPU_STATE,
  JUMP_ADDRESS,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  JUMP_CACHE_ENTRY_SIZE,
  JUMP_GENERATION_SHIFT,
  JUMP_HEAD,
  JUMP_SUPERVISOR,
  JUMP_TAG,
  JUMP_USER,
} from '../../layout/linear-memory.ts';
import { MODE_VIEW_MASK, MODE_VIEW_SHIFT } from '../../layout/mode.ts';
import { JUMP_GENERATION } from '../../layout/runtime-state.ts';
import { VIEW_USER, VIEW_USER_ALIGNED } from '../../layout/tlb.ts';
import type { Expression, Module } from '../../wasm/builder.ts';

/**
 * `found` with the head record of the block at a linear address if the cache has it, else `missed`.
 * @param entry i32 local to keep the offset in.
 */
export function probeJumpCache(
  m: Module,
  mode: number,
  linearAddress: Value,
  entry: Local,
  found: (head: Expression) => Expression,
  missed: Expression,
): Expression {
  const low = (): Expression => m.i32.wrap(linearAddress());
  const index = m.i32.and(
    m.i32.xor(low(), m.i32.shr_u(low(), m.i32.const(12))),
    m.i32.const(JUMP_CACHE_ENTRIES - 1),
  );
  const offset = m.i32.mul(index, m.i32.const(JUMP_CACHE_ENTRY_SIZE));
  const view = (mode >> MODE_VIEW_SHIFT) & MODE_VIEW_MASK;
  const privilege = view === VIEW_USER || view === VIEW_USER_ALIGNED ? JUMP_USER : JUMP_SUPERVISOR;
  const generation = m.i32.load(CPU_STATE + JUMP_GENERATION + 4 * privilege, 4, m.i32.const(0));
  const tag = m.i32.or(m.i32.shl(generation, m.i32.const(JUMP_GENERATION_SHIFT)), m.i32.const(mode));
  const isAddress = m.i64.eq(m.i64.load(JUMP_CACHE + JUMP_ADDRESS, 8, entry.tee(offset)), linearAddress());
  const isValid = m.i32.eq(m.i32.load(JUMP_CACHE + JUMP_TAG, 4, entry.get()), tag);
  return m.ifLikely(
    m.i32.and(isAddress, isValid),
    found(m.i32.load(JUMP_CACHE + JUMP_HEAD, 4, entry.get())),
    missed,
  );
}
