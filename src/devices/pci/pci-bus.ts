import { allOnes } from '../access.ts';
import type { AccessSize, Device, DeviceState, InterruptLine, MmioHandler } from '../device.ts';
import { stateIn } from '../device-state.ts';
import type { MmioBus } from '../mmio-bus.ts';
import type { PortBus } from '../port-bus.ts';
import { PCI_INTERRUPT_PIN, type PciFunction } from './pci-function.ts';

const DEVICES = 32;
const FUNCTIONS = 8;
const FUNCTION_BYTES = 0x1000;

export interface PciBusOptions {
  readonly memory: MmioBus;
  readonly ports: PortBus;
  /**
   * The line that pin `pin` (1 for INTA# to 4 for INTD#) of device `device` (0..31) is wired to. Called once for
   * each function with a pin; several functions may share a line, so each call returns an input of its own.
   */
  readonly interruptLine: (device: number, pin: number) => InterruptLine;
}

const unconnected: InterruptLine = { set: () => {} };

/**
 * PCI bus 0. Its state is that of all its functions. As a memory handler it is the enhanced configuration
 * access mechanism of PCI Express (ECAM), one page a function; the pages of other buses read all ones.
 */
export class PciBus implements Device, MmioHandler {
  private readonly options: PciBusOptions;
  /** Indexed by device * 8 + function. */
  private readonly functions: (PciFunction | undefined)[] = new Array(DEVICES * FUNCTIONS).fill(undefined);

  constructor(options: PciBusOptions) {
    this.options = options;
  }

  /**
   * Plugs `pciFunction` in as `device`.`functionNumber`. A guest looks for functions 1 to 7 only where there is a
   * function 0. Throws RangeError when the place does not exist or is taken.
   */
  add(device: number, functionNumber: number, pciFunction: PciFunction): void {
    const place = `${device}.${functionNumber}`;
    const exists = device >= 0 && device < DEVICES && functionNumber >= 0 && functionNumber < FUNCTIONS;
    if (!exists) throw new RangeError(`there is no PCI device ${place}`);
    const first = device * FUNCTIONS;
    if (this.functions[first + functionNumber] !== undefined) throw new RangeError(`PCI ${place} is taken`);
    const pin = pciFunction.readConfiguration(PCI_INTERRUPT_PIN, 1);
    const { memory, ports, interruptLine } = this.options;
    const interrupt = pin === 0 ? unconnected : interruptLine(device, pin);
    pciFunction.connect({ memory, ports, interrupt });
    this.functions[first + functionNumber] = pciFunction;
    const present = this.functions.slice(first, first + FUNCTIONS).filter((other) => other !== undefined);
    if (present.length > 1) this.functions[first]?.announceMultifunction();
  }

  /** @param index device * 8 + function. @param offset 0..4095. All ones where there is no function. */
  readConfiguration(index: number, offset: number, size: AccessSize): number {
    return this.functions[index]?.readConfiguration(offset, size) ?? allOnes(size);
  }

  writeConfiguration(index: number, offset: number, size: AccessSize, value: number): void {
    this.functions[index]?.writeConfiguration(offset, size, value);
  }

  readMmio(offset: number, size: AccessSize): number {
    return this.readConfiguration(Math.floor(offset / FUNCTION_BYTES), offset % FUNCTION_BYTES, size);
  }

  writeMmio(offset: number, size: AccessSize, value: number): void {
    this.writeConfiguration(Math.floor(offset / FUNCTION_BYTES), offset % FUNCTION_BYTES, size, value);
  }

  reset(): void {
    for (const pciFunction of this.functions) pciFunction?.reset();
  }

  save(): DeviceState {
    const state: { [place: string]: DeviceState } = {};
    this.functions.forEach((pciFunction, index) => {
      if (pciFunction !== undefined) state[index] = pciFunction.save();
    });
    return state;
  }

  load(state: DeviceState): void {
    this.functions.forEach((pciFunction, index) => {
      pciFunction?.load(stateIn(state, String(index)));
    });
  }
}
