import type { Device, DeviceState, PortHandler } from './device.ts';
import { restoreRegisters } from './device-state.ts';

/** Reset control register. */
const SYS_RST = 1 << 1;
const RST_CPU = 1 << 2;
const FULL_RST = 1 << 3;

/** System control port A. */
const FAST_RESET = 1 << 0;
const A20_GATE = 1 << 1;

function initialRegisters() {
  return { control: 0, portA: A20_GATE };
}

/**
 * Both reset registers of a chipset: the machine is reset when software raises RST_CPU or the fast
 * reset bit. Address line 20 is never masked; its gate is a bit that reads as written.
 */
export class ResetControl implements Device {
  /** The PCI chipset's reset control register, one port, which the FADT names as RESET_REG. */
  readonly control: PortHandler = {
    readPort: () => this.registers.control,
    writePort: (_offset, _size, value) => this.writeControl(value),
  };
  /** System control port A of the PS/2, one port. */
  readonly portA: PortHandler = {
    readPort: () => this.registers.portA,
    writePort: (_offset, _size, value) => this.writePortA(value),
  };
  private readonly requestReset: () => void;
  private registers = initialRegisters();

  /** @param requestReset called when the guest asks for a reset; the machine resets its devices afterwards. */
  constructor(requestReset: () => void) {
    this.requestReset = requestReset;
  }

  reset(): void {
    this.registers = initialRegisters();
  }

  save(): DeviceState {
    return { ...this.registers };
  }

  load(state: DeviceState): void {
    restoreRegisters(this.registers, state);
  }

  private writeControl(value: number): void {
    const { registers } = this;
    const rises = (value & ~registers.control & RST_CPU) !== 0;
    registers.control = value & (SYS_RST | RST_CPU | FULL_RST);
    if (rises) this.requestReset();
  }

  private writePortA(value: number): void {
    const { registers } = this;
    const rises = (value & ~registers.portA & FAST_RESET) !== 0;
    registers.portA = value;
    if (rises) this.requestReset();
  }
}
