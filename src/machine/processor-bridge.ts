/** What the processor asks of the rest of the machine: ports, memory-mapped devices, local APIC, time and chance. */

import type { Processor } from '../cpu/processor.ts';
import type { HostFunctions } from '../cpu/runtime.ts';
import type { TransferSize } from '../devices/access.ts';
import { IA32_APIC_BASE } from '../layout/architecture.ts';
import { TSC_OFFSET } from '../layout/cpu-state.ts';
import type { Chipset } from './chipset.ts';
import type { MachineClock } from './clock.ts';

/** What is at the ends of the bridge. Looked up at each access: the processor is made before the others. */
export interface BridgeEnds {
  readonly processor: Processor;
  readonly clock: MachineClock;
  readonly chipset: Chipset;
}

/** @param random 32 random bits a call, for RDRAND. */
export function processorBridge(ends: BridgeEnds, random: () => number): HostFunctions {
  const address = (low: number, high: number): number => (high >>> 0) * 2 ** 32 + (low >>> 0);
  return {
    readPort: (port, size) => {
      ends.clock.access();
      return ends.chipset.ports.read(port, size as TransferSize);
    },
    writePort: (port, size, value) => {
      ends.clock.access();
      ends.chipset.ports.write(port, size as TransferSize, value >>> 0);
    },
    readMmio: (low, high, size) => {
      ends.clock.access();
      return ends.chipset.mmio.read(address(low, high), size as TransferSize);
    },
    writeMmio: (low, high, size, value) => {
      ends.clock.access();
      ends.chipset.mmio.write(address(low, high), size as TransferSize, value >>> 0);
    },
    readMmio64: (low, high) => {
      ends.clock.access();
      return ends.chipset.mmio.read64(address(low, high));
    },
    writeMmio64: (low, high, value) => {
      ends.clock.access();
      ends.chipset.mmio.write64(address(low, high), value);
    },
    now: () => ends.clock.now(),
    random,
    writeApicMsr: (msr, low, high) => {
      const { chipset } = ends;
      const done = chipset.localApic.writeMsr(msr, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
      if (done && msr === IA32_APIC_BASE) chipset.mapLocalApic();
      return done ? 1 : 0;
    },
    readApicMsr: (msr, target) => {
      const value = ends.chipset.localApic.readMsr(msr);
      if (value === undefined) return 0;
      ends.processor.views.i64[target >> 3] = BigInt.asIntN(64, value);
      return 1;
    },
    tscOffsetChanged: () => {
      ends.chipset.localApic.tscOffset = ends.processor.u64(TSC_OFFSET);
    },
    writeTaskPriority: (value) => {
      ends.chipset.localApic.tpr = value;
    },
    readTaskPriority: () => ends.chipset.localApic.tpr,
  };
}
