/**
 * Where devices are among the I/O ports and interrupt inputs. The tables that announce them, the firmware that drives
 * them and the machine's wiring take the numbers from here; the devices know only offsets.
 */

/** The two 8259 interrupt controllers, and their edge/level control registers. */
export const PIC_MASTER_PORT = 0x20;
export const PIC_SLAVE_PORT = 0xa0;
export const PIC_PORT_COUNT = 2;
export const ELCR_PORT = 0x4d0;
export const ELCR_PORT_COUNT = 2;

/** The 8254 timer; its I/O APIC input is not that of its ISA interrupt. */
export const PIT_PORT = 0x40;
export const PIT_PORT_COUNT = 4;
export const PIT_IRQ = 0;
export const PIT_GSI = 2;

/** The 8042 keyboard controller. Port 61H between its ports is not its own. */
export const KEYBOARD_DATA_PORT = 0x60;
export const KEYBOARD_COMMAND_PORT = 0x64;

/** System control ports of the PS/2: fast reset and A20 gate; gate and output of the 8254's counter 2. */
export const SYSTEM_CONTROL_PORT_A = 0x92;
export const SYSTEM_CONTROL_PORT_B = 0x61;

/** Advanced power management control port of the chipset, by which the guest calls firmware. */
export const FIRMWARE_PORT = 0xb2;

/** The firmware images' configuration device, and where they write messages. */
export const FW_CFG_PORT = 0x510;
export const DEBUG_CONSOLE_PORT = 0x402;

/** The device with which test programs end the machine; where it is the user says. */
export const DEBUG_EXIT_PORT_COUNT = 4;

/** Ports of a serial port. */
export const COM_PORT_COUNT = 8;
/** The console. */
export const COM1_PORT = 0x3f8;
export const COM1_IRQ = 4;
/** What the emulator has to tell the guest: the size of the terminal. */
export const COM2_PORT = 0x2f8;
export const COM2_IRQ = 3;

export const RTC_PORT = 0x70;
export const RTC_PORT_COUNT = 2;
export const RTC_IRQ = 8;
/** CMOS register with the century. */
export const RTC_CENTURY_REGISTER = 0x32;

/** PCI configuration mechanism 1: address and data register. */
export const PCI_CONFIG_PORT = 0xcf8;
export const PCI_CONFIG_PORT_COUNT = 8;

/** Reset control register, inside the address register, and the value that resets the machine. */
export const RESET_PORT = PCI_CONFIG_PORT + 1;
export const RESET_VALUE = 6;

/** ACPI fixed registers: all the blocks below. Firmware images may move them; then the blocks keep their distance to it. */
export const PM_PORT = 0x600;
export const PM_PORT_COUNT = 0x10;
/** The same, with room for more. */
export const PM_RESERVED_PORT_COUNT = 0x40;
export const PM1A_EVENT_PORT = PM_PORT;
export const PM1A_EVENT_SIZE = 4;
export const PM1A_CONTROL_PORT = PM_PORT + 4;
export const PM1A_CONTROL_SIZE = 2;
export const PM_TIMER_PORT = PM_PORT + 8;
export const PM_TIMER_SIZE = 4;
export const GPE0_PORT = PM_PORT + 0xc;
export const GPE0_SIZE = 4;

/** System control interrupt: ISA interrupt and I/O APIC input of the same number, level, active high. */
export const SCI_IRQ = 9;
/** SLP_TYP value in PM1a control that turns the machine off: that of an Intel PIIX4. */
export const S5_SLEEP_TYPE = 0;

export const IO_APIC_ID = 0;

const FIRST_PCI_GSI = 16;
const PCI_GSI_COUNT = 8;

/**
 * I/O APIC input that an interrupt pin of a PCI device on bus 0 is wired to (16..23, level).
 * @param slot device number 0..31. @param pin 0 for INTA# .. 3 for INTD#.
 */
export function pciInterruptGsi(slot: number, pin: number): number {
  return FIRST_PCI_GSI + ((slot + pin) % PCI_GSI_COUNT);
}
