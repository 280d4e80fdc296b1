/** Whether the JavaScript engine has what the machine needs of WebAssembly. */

/** The engine lacks what generated code uses; the message says which versions have it. */
export class UnsupportedEngineError extends Error {
  override readonly name = 'UnsupportedEngineError';
}

/** A module with one function, which tail-calls itself. */
const TAIL_CALL = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  // Type () -> (); one function of it; its code: no locals, return_call 0.
  ...[1, 4, 1, 0x60, 0, 0],
  ...[3, 2, 1, 0],
  ...[10, 6, 1, 4, 0, 0x12, 0, 0x0b],
);

/** @throws UnsupportedEngineError */
export function assertEngine(): void {
  if (WebAssembly.validate(TAIL_CALL)) return;
  throw new UnsupportedEngineError(
    'this browser has no WebAssembly tail calls, which the machine needs: Chrome and Edge have them from version 112, Firefox from 121, Safari from 18.2, Node.js from 20',
  );
}
