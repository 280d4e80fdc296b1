/** Typed views of the linear memory that survive memory.grow (growing detaches the old buffer). */
export class MemoryViews {
  readonly memory: WebAssembly.Memory;
  private buffer: ArrayBuffer;
  private u8view: Uint8Array;
  private u16view: Uint16Array;
  private u32view: Uint32Array;
  private i32view: Int32Array;
  private i64view: BigInt64Array;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.buffer = memory.buffer as ArrayBuffer;
    this.u8view = new Uint8Array(this.buffer);
    this.u16view = new Uint16Array(this.buffer);
    this.u32view = new Uint32Array(this.buffer);
    this.i32view = new Int32Array(this.buffer);
    this.i64view = new BigInt64Array(this.buffer);
  }

  private refresh(): void {
    if (this.u8view.byteLength !== 0 && this.memory.buffer === this.buffer) return;
    this.buffer = this.memory.buffer as ArrayBuffer;
    this.u8view = new Uint8Array(this.buffer);
    this.u16view = new Uint16Array(this.buffer);
    this.u32view = new Uint32Array(this.buffer);
    this.i32view = new Int32Array(this.buffer);
    this.i64view = new BigInt64Array(this.buffer);
  }

  get u8(): Uint8Array {
    if (this.u8view.byteLength === 0) this.refresh();
    return this.u8view;
  }
  get u16(): Uint16Array {
    if (this.u16view.byteLength === 0) this.refresh();
    return this.u16view;
  }
  get u32(): Uint32Array {
    if (this.u32view.byteLength === 0) this.refresh();
    return this.u32view;
  }
  get i32(): Int32Array {
    if (this.i32view.byteLength === 0) this.refresh();
    return this.i32view;
  }
  get i64(): BigInt64Array {
    if (this.i64view.byteLength === 0) this.refresh();
    return this.i64view;
  }
}
