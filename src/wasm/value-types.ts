/** WebAssembly's value types as plain numbers; and the types of expressions that have no value. */
export type ValueType = number;

export const none: ValueType = 0;
/** Of code that control never gets behind: it takes the place of a value of any type. */
export const unreachable: ValueType = 1;
export const i32: ValueType = 2;
export const i64: ValueType = 3;
export const f32: ValueType = 4;
export const f64: ValueType = 5;
export const v128: ValueType = 6;
