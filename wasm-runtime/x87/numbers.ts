/**
 * Operations on numbers that regions have in locals, where their own code cannot do them: a region has looked whether exceptions are
 * masked. Exceptions are added to the status word; the rest of a result is in FPU_REST.
 */
import { squareRoot } from './arithmetic';
import { compare } from './compare';
import { resultHead } from './format';
import { computeNumbers } from './operations';
import { begin, finishNumber } from './status';

/** a `operation` b, by the reg field of D8. */
export function fpuCompute(operation: i32, aHead: i32, a: u64, bHead: i32, b: u64): u64 {
  begin(0);
  const result = computeNumbers(operation, aHead, a, bHead, b);
  finishNumber(resultHead);
  return result;
}

export function fpuRoot(head: i32, a: u64): u64 {
  begin(0);
  const result = squareRoot(head, a);
  finishNumber(resultHead);
  return result;
}

/** Order of a and b as condition codes. */
export function fpuOrder(aHead: i32, a: u64, bHead: i32, b: u64, quiet: i32): i32 {
  begin(0);
  const codes = compare(aHead, a, bHead, b, quiet !== 0);
  finishNumber(0);
  return codes;
}
