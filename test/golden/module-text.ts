/** What is counted of a module of regions. */
import { functionsOf } from '../../scripts/dump/wat.ts';

/** An operation in the text of a module; not a type, a local or a label. */
const OPERATION =
  /\((?:(?:[if](?:32|64)|v128|i8x16|i16x8|i32x4|i64x2|f32x4|f64x2|local|memory)\.[a-z0-9_.]+|(?:return_)?call\S*|br\S*|if|block|loop|return|select|drop|unreachable)\b/g;
const PROBE = /\(call \$\S*fill(?:Read|Write)/gi;

export interface ModuleCounts {
  readonly operations: number;
  /** TLB misses that there is code for: one for each probe. */
  readonly probes: number;
}

export async function countModule(module: Uint8Array): Promise<ModuleCounts> {
  const text = (await functionsOf(module)).join('\n');
  return {
    operations: text.match(OPERATION)?.length ?? 0,
    probes: text.match(PROBE)?.length ?? 0,
  };
}
