import type { Device, DeviceState, PortHandler } from './device.ts';
import { restoreRegisters } from './device-state.ts';

/** Status register. */
const OUTPUT_BUFFER_FULL = 1 << 0;
const SYSTEM_FLAG = 1 << 2;
const LAST_WAS_COMMAND = 1 << 3;
const NOT_INHIBITED = 1 << 4;
const TIMEOUT = 1 << 6;

/** Controller commands. */
const READ_COMMAND_BYTE = 0x20;
const WRITE_COMMAND_BYTE = 0x60;
const SELF_TEST = 0xaa;
const TEST_KEYBOARD_PORT = 0xab;
const READ_OUTPUT_PORT = 0xd0;
const WRITE_OUTPUT_PORT = 0xd1;
/** Commands from here on pulse the output port's bits that are 0 in the low four bits. */
const PULSE_OUTPUT_PORT = 0xf0;

const SELF_TEST_PASSED = 0x55;
const KEYBOARD_CLOCK_STUCK_LOW = 0x01;
/** What the controller says for a keyboard that does not answer, with TIMEOUT in the status. */
const RESEND = 0xfe;

/** Output port: a low bit 0 resets the processor; bit 1 is the A20 gate, always open here. */
const NO_RESET = 1 << 0;
const A20_OPEN = 1 << 1;

/** Keyboard and mouse disabled. */
const INITIAL_COMMAND_BYTE = 0x30;

const NO_COMMAND = 0;

function initialRegisters() {
  return {
    commandByte: INITIAL_COMMAND_BYTE,
    /** Command whose data byte is expected next. */
    command: NO_COMMAND,
    output: 0,
    /** Status bits OUTPUT_BUFFER_FULL, LAST_WAS_COMMAND and TIMEOUT. */
    status: 0,
  };
}

/**
 * The keyboard controller without keyboard or mouse: what is left of it is the processor reset, the A20
 * handshake that old boot code wants, and a self test. It has no interrupt.
 */
export class I8042 implements Device {
  /** Output buffer and input buffer, one port. */
  readonly data: PortHandler = {
    readPort: () => this.readData(),
    writePort: (_offset, _size, value) => this.writeData(value),
  };
  /** Status and command, one port. */
  readonly command: PortHandler = {
    readPort: () => this.registers.status | SYSTEM_FLAG | NOT_INHIBITED,
    writePort: (_offset, _size, value) => this.writeCommand(value),
  };
  private readonly requestReset: () => void;
  private registers = initialRegisters();

  /** @param requestReset called when the guest pulses the reset line; the machine resets its devices afterwards. */
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

  private readData(): number {
    const { registers } = this;
    registers.status &= ~(OUTPUT_BUFFER_FULL | TIMEOUT);
    return registers.output;
  }

  private writeCommand(command: number): void {
    const { registers } = this;
    registers.status |= LAST_WAS_COMMAND;
    registers.command = NO_COMMAND;
    switch (command) {
      case READ_COMMAND_BYTE:
        this.reply(registers.commandByte);
        break;
      case WRITE_COMMAND_BYTE:
      case WRITE_OUTPUT_PORT:
        registers.command = command;
        break;
      case SELF_TEST:
        this.reply(SELF_TEST_PASSED);
        break;
      case TEST_KEYBOARD_PORT:
        this.reply(KEYBOARD_CLOCK_STUCK_LOW);
        break;
      case READ_OUTPUT_PORT:
        this.reply(NO_RESET | A20_OPEN);
        break;
      default:
        if (command >= PULSE_OUTPUT_PORT && (command & NO_RESET) === 0) this.requestReset();
    }
  }

  private writeData(value: number): void {
    const { registers } = this;
    const { command } = registers;
    registers.status &= ~LAST_WAS_COMMAND;
    registers.command = NO_COMMAND;
    if (command === WRITE_COMMAND_BYTE) registers.commandByte = value;
    else if (command === WRITE_OUTPUT_PORT) {
      if ((value & NO_RESET) === 0) this.requestReset();
    } else {
      this.reply(RESEND);
      registers.status |= TIMEOUT;
    }
  }

  private reply(value: number): void {
    this.registers.output = value;
    this.registers.status |= OUTPUT_BUFFER_FULL;
  }
}
