/**
 * What firmware does to the local APIC of the first processor before it starts an operating system: virtual wire
 * mode, in which the interrupts of the 8259 pass through LINT0. An operating system that leaves the APICs alone
 * gets no interrupts without it.
 * Source: MultiProcessor Specification 1.4, "Virtual Wire Mode" and its example, "Programming the APIC for Virtual
 * Wire Mode".
 */
import { DeliveryMode } from '../devices/apic-message.ts';
import type { LocalApic } from '../devices/local-apic.ts';
import { Lvt, Register, SVR_SOFTWARE_ENABLE } from '../devices/local-apic-registers.ts';

const SPURIOUS_VECTOR = 0x0f;

export function enterVirtualWireMode(localApic: LocalApic): void {
  const write = (register: number, value: number): void => localApic.writeMmio(register << 4, 4, value);
  write(Register.spuriousInterrupt, SVR_SOFTWARE_ENABLE | SPURIOUS_VECTOR);
  write(Register.lvtLint0, DeliveryMode.extInt << Lvt.deliveryModeShift);
  write(Register.lvtLint1, DeliveryMode.nmi << Lvt.deliveryModeShift);
}
