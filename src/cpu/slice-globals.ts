/**
 * The runtime's mutable globals in a debug build (layout/contract.ts). They are scratch of one instruction: whatever lasts
 * longer is in the processor's state, so that it can be saved, and another processor can use the same instance. To show
 * that nothing relies on them they get rubbish after each slice. Other builds export none.
 */
import { DEBUG_SPOIL } from '../layout/contract.ts';

export class SliceGlobals {
  private readonly fill: ((rubbish: number) => void) | undefined;
  private rubbish = 0x9e37_79b9;

  /** @param exports of the runtime. */
  constructor(exports: WebAssembly.Exports) {
    this.fill = exports[DEBUG_SPOIL] as ((rubbish: number) => void) | undefined;
  }

  spoil(): void {
    if (this.fill === undefined) return;
    this.rubbish = Math.imul(this.rubbish, 0x9e37_79b1);
    this.fill(this.rubbish);
  }
}
