export function enterFrame(record: u32, size: i32, imm: i32): void { unreachable(); }
