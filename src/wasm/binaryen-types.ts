/** Value types as plain numbers, so that the instruction set does not load Binaryen. They equal Binaryen's. */
export const none = 0;
export const unreachable = 1;
export const i32 = 2;
export const i64 = 3;
export const f32 = 4;
export const f64 = 5;
export const v128 = 6;
