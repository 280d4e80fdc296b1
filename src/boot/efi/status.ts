/** What EFI services return (UEFI specification 2.10, "Status Codes"). */

const error = (code: number): bigint => (1n << 63n) | BigInt(code);

export const SUCCESS = 0n;
export const LOAD_ERROR = error(1);
export const INVALID_PARAMETER = error(2);
export const UNSUPPORTED = error(3);
export const BUFFER_TOO_SMALL = error(5);
export const NOT_READY = error(6);
export const OUT_OF_RESOURCES = error(9);
export const NOT_FOUND = error(14);
export const ALREADY_STARTED = error(20);
