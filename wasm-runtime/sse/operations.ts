/** The SSE floating-point instructions where inline code does not do: NaN results and unusual settings of MXCSR. */
import { SSE_ADD, SSE_ADD_SUBTRACT, SSE_MULTIPLY, SSE_SUBTRACT } from '../generated/layout';
import { isAmd } from '../system/features';
import { compareSignals, computeLane } from './arithmetic';
import { native32, native64, ordinary } from './native';
import { DOUBLE, flushed, SINGLE } from './number';
import { begin, finish, finishStage, isUsual } from './status';

function single(operation: i32, a: f32, b: f32): f32 {
  if (isUsual()) {
    const result = native32(operation, a, b);
    if (ordinary) return result;
  }
  return reinterpret<f32>(<u32>computeLane(operation, reinterpret<u32>(a), reinterpret<u32>(b), SINGLE));
}

function double(operation: i32, a: f64, b: f64): f64 {
  if (isUsual()) {
    const result = native64(operation, a, b);
    if (ordinary) return result;
  }
  return reinterpret<f64>(computeLane(operation, reinterpret<u64>(a), reinterpret<u64>(b), DOUBLE));
}

/** Operation SSE_* on f32 scalars. */
export function sseScalar32(record: u32, operation: i32, a: f32, b: f32): f32 {
  begin();
  const result = single(operation, a, b);
  finish(record);
  return result;
}

export function sseScalar64(record: u32, operation: i32, a: f64, b: f64): f64 {
  begin();
  const result = double(operation, a, b);
  finish(record);
  return result;
}

/** Operation SSE_* on four f32. */
export function ssePacked32(record: u32, operation: i32, a: v128, b: v128): v128 {
  begin();
  let even = operation;
  let odd = operation;
  if (operation === SSE_ADD_SUBTRACT) {
    even = SSE_SUBTRACT;
    odd = SSE_ADD;
  }
  let result = f32x4.splat(single(even, f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)));
  result = f32x4.replace_lane(result, 1, single(odd, f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)));
  result = f32x4.replace_lane(result, 2, single(even, f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)));
  result = f32x4.replace_lane(result, 3, single(odd, f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)));
  finish(record);
  return result;
}

/** Operation SSE_* on two f64. */
export function ssePacked64(record: u32, operation: i32, a: v128, b: v128): v128 {
  begin();
  let even = operation;
  let odd = operation;
  if (operation === SSE_ADD_SUBTRACT) {
    even = SSE_SUBTRACT;
    odd = SSE_ADD;
  }
  let result = f64x2.splat(double(even, f64x2.extract_lane(a, 0), f64x2.extract_lane(b, 0)));
  result = f64x2.replace_lane(result, 1, double(odd, f64x2.extract_lane(a, 1), f64x2.extract_lane(b, 1)));
  finish(record);
  return result;
}

/** First operand of COMISS (quietly = 0) or UCOMISS as MXCSR.DAZ makes it; signals exceptions of the comparison. */
export function sseOrdered32(record: u32, a: f32, b: f32, quietly: i32): f32 {
  begin();
  const x = flushed(reinterpret<u32>(a), SINGLE);
  compareSignals(x, flushed(reinterpret<u32>(b), SINGLE), SINGLE, quietly !== 0);
  finish(record);
  return reinterpret<f32>(<u32>x);
}

export function sseOrdered64(record: u32, a: f64, b: f64, quietly: i32): f64 {
  begin();
  const x = flushed(reinterpret<u64>(a), DOUBLE);
  compareSignals(x, flushed(reinterpret<u64>(b), DOUBLE), DOUBLE, quietly !== 0);
  finish(record);
  return reinterpret<f64>(x);
}

/** An operand as MXCSR.DAZ makes it. */
export function sseFlushed32(value: f32): f32 {
  begin();
  return reinterpret<f32>(<u32>flushed(reinterpret<u32>(value), SINGLE));
}

export function sseFlushed64(value: f64): f64 {
  begin();
  return reinterpret<f64>(flushed(reinterpret<u64>(value), DOUBLE));
}

/** A sum of lanes with those that `swapped` has in their places. */
function laneSums32(a: v128, swapped: v128): v128 {
  let sums = f32x4.splat(single(SSE_ADD, f32x4.extract_lane(a, 0), f32x4.extract_lane(swapped, 0)));
  sums = f32x4.replace_lane(
    sums,
    1,
    single(SSE_ADD, f32x4.extract_lane(a, 1), f32x4.extract_lane(swapped, 1)),
  );
  sums = f32x4.replace_lane(
    sums,
    2,
    single(SSE_ADD, f32x4.extract_lane(a, 2), f32x4.extract_lane(swapped, 2)),
  );
  return f32x4.replace_lane(
    sums,
    3,
    single(SSE_ADD, f32x4.extract_lane(a, 3), f32x4.extract_lane(swapped, 3)),
  );
}

function sumByLane(record: u32, products: v128): v128 {
  const pairs = laneSums32(i32x4.shuffle(products, products, 1, 0, 3, 2), products);
  finishStage(record);
  return laneSums32(pairs, i32x4.shuffle(pairs, pairs, 2, 3, 0, 1));
}

function sumInOneOrder(record: u32, products: v128): v128 {
  const pairs = laneSums32(
    i32x4.shuffle(products, products, 0, 0, 2, 2),
    i32x4.shuffle(products, products, 1, 1, 3, 3),
  );
  finishStage(record);
  return laneSums32(i32x4.shuffle(pairs, pairs, 0, 0, 0, 0), i32x4.shuffle(pairs, pairs, 2, 2, 2, 2));
}

/**
 * DPPS: products where bits 4-7 of `control` are set, summed in pairs, put where bits 0-3 are set. On Intel's processors each lane adds
 * in an order of its own, on AMD's all in the same, which shows if there is more than one NaN (src/layout/vendor.ts).
 */
export function sseDotProduct32(record: u32, a: v128, b: v128, control: i32): v128 {
  begin();
  let products = f32x4.splat(0);
  if (control & 0x10)
    products = f32x4.replace_lane(
      products,
      0,
      single(SSE_MULTIPLY, f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)),
    );
  if (control & 0x20)
    products = f32x4.replace_lane(
      products,
      1,
      single(SSE_MULTIPLY, f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)),
    );
  if (control & 0x40)
    products = f32x4.replace_lane(
      products,
      2,
      single(SSE_MULTIPLY, f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)),
    );
  if (control & 0x80)
    products = f32x4.replace_lane(
      products,
      3,
      single(SSE_MULTIPLY, f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)),
    );
  finishStage(record);
  const sums = isAmd() ? sumInOneOrder(record, products) : sumByLane(record, products);
  const places = i32x4.ne(v128.and(i32x4.splat(control), i32x4(1, 2, 4, 8)), i32x4.splat(0));
  finish(record);
  return v128.and(sums, places);
}

/** DPPD. */
export function sseDotProduct64(record: u32, a: v128, b: v128, control: i32): v128 {
  begin();
  let low: f64 = 0;
  let high: f64 = 0;
  if (control & 0x10) low = double(SSE_MULTIPLY, f64x2.extract_lane(a, 0), f64x2.extract_lane(b, 0));
  if (control & 0x20) high = double(SSE_MULTIPLY, f64x2.extract_lane(a, 1), f64x2.extract_lane(b, 1));
  finishStage(record);
  const sum = double(SSE_ADD, low, high);
  const sums = f64x2.replace_lane(f64x2.splat(sum), 1, isAmd() ? sum : double(SSE_ADD, high, low));
  const places = i64x2.ne(v128.and(i64x2.splat(control), i64x2(1, 2)), i64x2.splat(0));
  finish(record);
  return v128.and(sums, places);
}
