/**
 * The runtime's mutable globals in a debug build (layout/contract.ts). They are scratch of one instruction: whatever lasts
 * longer is in the processor's state, so that it can be saved, and another processor can use the same instance. To show
 * that nothing relies on them they get rubbish after each slice. Other builds export none.
 */
import { DEBUG_GLOBAL } from '../layout/contract.ts';

export class SliceGlobals {
  private readonly globals: readonly WebAssembly.Global[];
  private rubbish = 0x9e37_79b9;

  /** @param exports of the runtime. */
  constructor(exports: WebAssembly.Exports) {
    this.globals = Object.entries(exports)
      .filter(([name]) => name.startsWith(DEBUG_GLOBAL))
      .map(([, value]) => value as WebAssembly.Global);
  }

  spoil(): void {
    for (const global of this.globals) {
      // A linear congruential generator; the low bits are as good as any.
      this.rubbish = (Math.imul(this.rubbish, 1_664_525) + 1_013_904_223) | 0;
      const { rubbish } = this;
      global.value = typeof global.value === 'bigint' ? BigInt(rubbish) * 0x1_0000_0001n : rubbish;
    }
  }
}
