/** The port by which the guest calls firmware, and the processor as firmware sees it then. */
import { BadAddress, type Caller, type Firmware } from '../boot/firmware.ts';
import { Register, type RegisterName, type SegmentName, SegmentRegister } from '../boot/start-state.ts';
import { physicalAddress } from '../cpu/linear-address.ts';
import type { Processor } from '../cpu/processor.ts';
import type { GuestMemory, PortHandler } from '../devices/device.ts';
import { SEGMENT_BASE } from '../layout/cpu-state.ts';

const PAGE_SIZE = 4096n;

class CallingProcessor implements Caller {
  private readonly processor: Processor;
  private readonly memory: GuestMemory;

  constructor(processor: Processor, memory: GuestMemory) {
    this.processor = processor;
    this.memory = memory;
  }

  register(name: RegisterName): bigint {
    return this.processor.gpr(Register[name]);
  }

  setRegister(name: RegisterName, value: bigint): void {
    this.processor.setGpr(Register[name], BigInt.asUintN(64, value));
  }

  segmentBase(name: SegmentName): bigint {
    return this.processor.u64(SEGMENT_BASE + SegmentRegister[name] * 8);
  }

  /** Calls `use` for each page's part of a range with its guest-physical address. */
  private pieces(
    address: bigint,
    length: number,
    use: (physical: number, offset: number, count: number) => void,
  ): void {
    for (let done = 0; done < length; ) {
      const linear = BigInt.asUintN(64, address + BigInt(done));
      const physical = physicalAddress(this.processor, linear);
      if (physical === undefined) throw new BadAddress(`nothing is mapped at 0x${linear.toString(16)}`);
      const count = Math.min(Number(PAGE_SIZE - (linear % PAGE_SIZE)), length - done);
      try {
        use(Number(physical), done, count);
      } catch (error) {
        if (error instanceof RangeError) throw new BadAddress(error.message);
        throw error;
      }
      done += count;
    }
  }

  read(address: bigint, length: number): Uint8Array {
    // Before room for it is taken: the guest may ask for any length.
    if (length > this.memory.size) throw new BadAddress('more than the memory has');
    const bytes = new Uint8Array(length);
    this.pieces(address, length, (physical, offset, count) => {
      bytes.set(this.memory.read(physical, count), offset);
    });
    return bytes;
  }

  write(address: bigint, bytes: Uint8Array): void {
    this.pieces(address, bytes.length, (physical, offset, count) => {
      this.memory.write(physical, bytes.subarray(offset, offset + count));
    });
  }
}

export class FirmwarePort implements PortHandler {
  private readonly firmware: Firmware;
  private readonly processor: Processor;
  private readonly caller: Caller;

  constructor(firmware: Firmware, processor: Processor, memory: GuestMemory) {
    this.firmware = firmware;
    this.processor = processor;
    this.caller = new CallingProcessor(processor, memory);
  }

  readPort(): number {
    return 0;
  }

  writePort(_offset: number, _size: number, value: number): void {
    this.firmware.call(value & 0xff, this.caller);
    // A service may take as long as a slice.
    this.processor.endSlice();
  }
}
