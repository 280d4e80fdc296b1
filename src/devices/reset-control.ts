import { BytePortHandler } from './byte-port-handler.ts';
import type { Device, DeviceState } from './device.ts';
import { restoreRegisters } from './device-state.ts';

/**
 * The PCI chipset's reset control register, which the FADT names as RESET_REG with RESET_VALUE below. The
 * port lies inside the PCI configuration address register, so the host bridge passes byte accesses on.
 */
export const RESET_CONTROL_PORT = 0xcf9;
/** Full reset: SYS_RST and RST_CPU. */
export const RESET_VALUE = 0x06;
/** System control port A of the PS/2. */
export const SYSTEM_CONTROL_PORT_A = 0x92;

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
export class ResetControl extends BytePortHandler implements Device {
  private readonly requestReset: () => void;
  private registers = initialRegisters();

  /** @param requestReset called when the guest asks for a reset; the machine resets its devices afterwards. */
  constructor(requestReset: () => void) {
    super();
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

  protected override readByte(port: number): number {
    return port === RESET_CONTROL_PORT ? this.registers.control : this.registers.portA;
  }

  protected override writeByte(port: number, value: number): void {
    const { registers } = this;
    if (port === RESET_CONTROL_PORT) {
      const rises = (value & ~registers.control & RST_CPU) !== 0;
      registers.control = value & (SYS_RST | RST_CPU | FULL_RST);
      if (rises) this.requestReset();
    } else {
      const rises = (value & ~registers.portA & FAST_RESET) !== 0;
      registers.portA = value;
      if (rises) this.requestReset();
    }
  }
}
