/**
 * Sums, products, quotients and roots of ordinary numbers as WebAssembly computes them: rounded to nearest, with what
 * that signals. Operands are normal or zero, and so is the result, unless it is zero without being exact; what is not
 * like that is for arithmetic.ts. Until MXCSR.PE is set this is what compiled code calls for each operation.
 */
import { SSE_ADD, SSE_DIVIDE, SSE_MULTIPLY, SSE_SQUARE_ROOT, SSE_SUBTRACT } from '../generated/layout';
import { PRECISION, signal } from './status';

/** Whether the last operation was one of ordinary numbers: otherwise its result means nothing. */
export let ordinary: bool = false;

const FRACTION_64: u64 = 0x000f_ffff_ffff_ffff;
const HIDDEN_64: u64 = 0x0010_0000_0000_0000;

function isNormal64(value: f64): bool {
  const exponent = (reinterpret<u64>(value) >> 52) & 0x7ff;
  return exponent - 1 < 0x7fe;
}

function isNormal32(value: f32): bool {
  const exponent = (reinterpret<u32>(value) >> 23) & 0xff;
  return exponent - 1 < 0xfe;
}

/**
 * Whether a product or quotient did not underflow: the smallest normal number, too, may have been smaller before it was
 * rounded.
 */
function isSafe64(value: f64): bool {
  const exponent = (reinterpret<u64>(value) >> 52) & 0x7ff;
  return exponent - 2 < 0x7fd;
}

function isSafe32(value: f32): bool {
  const exponent = (reinterpret<u32>(value) >> 23) & 0xff;
  return exponent - 2 < 0xfd;
}

/** Significand without its trailing zeros. */
function oddPart(value: f64): u64 {
  const significand = (reinterpret<u64>(value) & FRACTION_64) | HIDDEN_64;
  return significand >> ctz(significand);
}

/** Product of the odd parts, or 0 if it has more than 54 bits. */
function oddProduct(a: f64, b: f64): u64 {
  const x = oddPart(a);
  const y = oddPart(b);
  return clz(x) + clz(y) < 128 - 54 ? 0 : x * y;
}

/** What a + b lost (Knuth, "The Art of Computer Programming", 4.2.2, theorem B). */
function sumError64(a: f64, b: f64, sum: f64): f64 {
  const other = sum - a;
  return a - (sum - other) + (b - other);
}

function sumError32(a: f32, b: f32, sum: f32): f32 {
  const other: f32 = sum - a;
  return a - (sum - other) + (b - other);
}

/** SSE_ADD, _SUBTRACT, _MULTIPLY, _DIVIDE or _SQUARE_ROOT of doubles. */
export function native64(operation: i32, a: f64, b: f64): f64 {
  ordinary = (isNormal64(a) || a === 0) && (isNormal64(b) || b === 0);
  if (!ordinary) return 0;
  let result: f64 = 0;
  let exact = true;
  switch (operation) {
    case SSE_SUBTRACT:
    case SSE_ADD: {
      const addend = operation === SSE_ADD ? b : -b;
      result = a + addend;
      ordinary = isNormal64(result) || result === 0;
      exact = sumError64(a, addend, result) === 0;
      break;
    }
    case SSE_MULTIPLY: {
      result = a * b;
      if (a === 0 || b === 0) return result;
      ordinary = isSafe64(result);
      const product = oddProduct(a, b);
      exact = product !== 0 && product < 2 * HIDDEN_64;
      break;
    }
    case SSE_DIVIDE:
      result = a / b;
      ordinary = isSafe64(result) || (a === 0 && b !== 0);
      exact = a === 0 || oddProduct(result, b) === oddPart(a);
      break;
    case SSE_SQUARE_ROOT:
      result = sqrt<f64>(b);
      ordinary = isNormal64(result) || b === 0;
      exact = b === 0 || oddProduct(result, result) === oddPart(b);
      break;
    default:
      ordinary = false;
  }
  if (ordinary && !exact) signal(PRECISION);
  return result;
}

/** The same of singles, of which products of two are exact as doubles. */
export function native32(operation: i32, a: f32, b: f32): f32 {
  ordinary = (isNormal32(a) || a === 0) && (isNormal32(b) || b === 0);
  if (!ordinary) return 0;
  let result: f32 = 0;
  let exact = true;
  switch (operation) {
    case SSE_SUBTRACT:
    case SSE_ADD: {
      const addend: f32 = operation === SSE_ADD ? b : -b;
      result = a + addend;
      ordinary = isNormal32(result) || result === 0;
      exact = sumError32(a, addend, result) === 0;
      break;
    }
    case SSE_MULTIPLY:
      result = a * b;
      ordinary = isSafe32(result) || a === 0 || b === 0;
      exact = <f64>a * <f64>b === <f64>result;
      break;
    case SSE_DIVIDE:
      result = a / b;
      ordinary = isSafe32(result) || (a === 0 && b !== 0);
      exact = <f64>result * <f64>b === <f64>a;
      break;
    case SSE_SQUARE_ROOT:
      result = sqrt<f32>(b);
      ordinary = isNormal32(result) || b === 0;
      exact = <f64>result * <f64>result === <f64>b;
      break;
    default:
      ordinary = false;
  }
  if (ordinary && !exact) signal(PRECISION);
  return result;
}
