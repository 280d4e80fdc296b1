/**
 * The local APIC of one processor, in xAPIC and x2APIC mode (Intel SDM Vol. 3 "Advanced Programmable
 * Interrupt Controller (APIC)").
 *
 * Choices where the manual leaves one: the APIC ID is read-only; an illegal vector in an LVT entry is
 * reported when the entry fires, not when it is written; LINT0 and LINT1 in fixed mode are edge-sensitive;
 * SMIs are dropped, as there is no system-management mode.
 */

import { IA32_APIC_BASE, IA32_TSC_DEADLINE, X2APIC_FIRST, X2APIC_LAST } from '../layout/architecture.ts';
import type { ApicMessage } from './apic-message.ts';
import { BROADCAST_DESTINATION, DeliveryMode } from './apic-message.ts';
import type { AccessSize, Clock, Device, DeviceState, MmioHandler, TimerFactory } from './device.ts';
import { numbersIn, restoreRegisters, stateIn } from './device-state.ts';
import { InterruptVectorSet, VECTOR_WORDS } from './interrupt-vector-set.ts';
import {
  APIC_VERSION,
  ApicBase,
  ApicError,
  ICR_WRITABLE,
  isUnreadableInX2apic,
  Lvt,
  lvtWritableBits,
  Register,
  SVR_SOFTWARE_ENABLE,
  X2APIC_ICR_RESERVED,
  x2apicDefinedBits,
} from './local-apic-registers.ts';
import { LocalApicTimer } from './local-apic-timer.ts';

export { CRYSTAL_HZ, TSC_HZ } from './local-apic-timer.ts';

/** What the local APIC does to its processor and to the other APICs. */
export interface LocalApicSink {
  /** The answer of `hasPendingInterrupt()` or `acceptsExtInt` has changed. */
  interruptPendingChanged(): void;
  /** A non-maskable interrupt has arrived. */
  nmi(): void;
  /** An INIT has arrived; the local APIC has already taken its state after INIT. */
  init(): void;
  /** A start-up IPI has arrived. @param vector the 4 KiB page to start in, 0..255. */
  startup(vector: number): void;
  /** A level-triggered interrupt has ended: tell the I/O APICs. */
  eoiBroadcast(vector: number): void;
  /**
   * Deliver a message to those *other* processors for which `matchesDestination` is true (one of them for
   * lowest priority). What the message means for this processor has been dealt with.
   */
  sendIpi(message: ApicMessage): void;
}

export interface LocalApicOptions {
  /** The APIC ID: 0..254 for xAPIC use, else any 32-bit x2APIC ID. */
  readonly id: number;
  /** Guest-physical address of the registers after a reset. */
  readonly baseAddress: number;
  readonly clock: Clock;
  readonly timers: TimerFactory;
  readonly sink: LocalApicSink;
  /** Whether this is the bootstrap processor; by default the one with ID 0 is. */
  readonly bootstrapProcessor?: boolean;
  /** MAXPHYADDR, the width that IA32_APIC_BASE accepts; 52 by default. */
  readonly physicalAddressBits?: number;
}

const LINT0 = Register.lvtLint0 - Register.lvtTimer;
const LINT1 = Register.lvtLint1 - Register.lvtTimer;
const TIMER = 0;
const ERROR = Register.lvtError - Register.lvtTimer;

/** The state after power-up, except for IA32_APIC_BASE. */
function initialRegisters() {
  return {
    /** IA32_APIC_BASE. */
    base: 0n,
    taskPriority: 0,
    logicalId: 0,
    destinationFormat: 0xffff_ffff,
    spurious: 0xff,
    icrLow: 0,
    icrHigh: 0,
    /** Errors since the last write of the ESR; that write moves them to where they can be read. */
    errors: 0,
    errorStatus: 0,
    /** Levels of the pins. */
    lint0: false,
    lint1: false,
  };
}

export class LocalApic implements Device, MmioHandler {
  private readonly id: number;
  private readonly sink: LocalApicSink;
  private readonly timer: LocalApicTimer;
  private readonly resetBase: bigint;
  private readonly baseReserved: bigint;

  private registers = initialRegisters();
  /** Bits of IA32_APIC_BASE. */
  private hardwareEnabled = false;
  private x2apic = false;
  private readonly requests = new InterruptVectorSet();
  private readonly inService = new InterruptVectorSet();
  private readonly levelTriggered = new InterruptVectorSet();
  private readonly lvt = new Uint32Array(Lvt.count);
  private processorPriority = 0;
  private pending = false;
  private extInt = false;

  constructor(options: LocalApicOptions) {
    this.id = options.id;
    this.sink = options.sink;
    this.timer = new LocalApicTimer(options.clock, options.timers, () => this.fireLvt(TIMER));
    const bootstrap = options.bootstrapProcessor ?? options.id === 0;
    this.resetBase =
      BigInt(options.baseAddress) | ApicBase.enable | (bootstrap ? ApicBase.bootstrapProcessor : 0n);
    const addressBits = BigInt(options.physicalAddressBits ?? 52);
    this.baseReserved = ~((1n << addressBits) - 1n) | 0x2ffn;
    this.reset();
  }

  /** IA32_APIC_BASE bit 11: CPUID.01H:EDX.APIC has to follow it. */
  get enabled(): boolean {
    return this.hardwareEnabled;
  }

  get x2apicMode(): boolean {
    return this.x2apic;
  }

  /** Guest-physical address of the xAPIC page. It answers only while enabled and not in x2APIC mode. */
  get baseAddress(): number {
    return Number(this.registers.base & ~0xfffn);
  }

  /** CR8: the task-priority class, 0..15. */
  get tpr(): number {
    return this.registers.taskPriority >> 4;
  }

  set tpr(value: number) {
    this.writeTaskPriority((value & 0xf) << 4);
  }

  /** Time-stamp counter minus machine time in nanoseconds; set it when the guest writes the counter. */
  get tscOffset(): bigint {
    return this.timer.tscOffset;
  }

  set tscOffset(offset: bigint) {
    this.timer.tscOffset = offset;
  }

  /** The processor priority register, 0..255: what lowest-priority arbitration compares. */
  get priority(): number {
    return this.processorPriority;
  }

  /** Whether an external (8259) interrupt on LINT0 reaches the processor. */
  get acceptsExtInt(): boolean {
    return this.extInt;
  }

  /** Whether the IRR holds a vector of a higher priority class than the processor's. */
  hasPendingInterrupt(): boolean {
    return this.pending;
  }

  /** Moves the highest pending vector to in-service and returns it; the spurious vector if none is pending. */
  acknowledge(): number {
    if (!this.pending) return this.registers.spurious & 0xff;
    const vector = this.requests.highest();
    this.requests.delete(vector);
    this.inService.add(vector);
    this.updatePriority();
    return vector;
  }

  /** Takes a fixed interrupt into the IRR. A software-disabled APIC drops it; vectors 0..15 are an error. */
  acceptInterrupt(vector: number, levelTriggered: boolean): void {
    if (!this.hardwareEnabled || !this.softwareEnabled) return;
    if (vector < 16) {
      this.reportError(ApicError.receiveIllegalVector);
      return;
    }
    if (levelTriggered) this.levelTriggered.add(vector);
    else this.levelTriggered.delete(vector);
    this.requests.add(vector);
    this.updatePending();
  }

  /** Takes a message for which `matchesDestination` is true. An ExtINT message is the 8259's business: dropped. */
  receive(message: ApicMessage): void {
    if (!this.hardwareEnabled) return;
    switch (message.deliveryMode) {
      case DeliveryMode.fixed:
      case DeliveryMode.lowestPriority:
        this.acceptInterrupt(message.vector, message.levelTriggered);
        break;
      case DeliveryMode.nmi:
        this.sink.nmi();
        break;
      case DeliveryMode.init:
        this.resetRegisters();
        this.sink.init();
        break;
      case DeliveryMode.startup:
        this.sink.startup(message.vector);
        break;
    }
  }

  /**
   * Whether a message's destination includes this APIC (Intel SDM Vol. 3 "Determining IPI Destination" and
   * "Logical Destination Mode in x2APIC Mode").
   */
  matchesDestination(destination: number, logical: boolean): boolean {
    if (!this.hardwareEnabled) return false;
    if (destination === BROADCAST_DESTINATION) return true;
    if (this.x2apic) {
      if (!logical) return destination === this.id;
      const own = this.x2apicLogicalId;
      return destination >>> 16 === own >>> 16 && (destination & own & 0xffff) !== 0;
    }
    if (destination > 0xff) return false;
    if (!logical) return destination === 0xff || destination === this.id;
    const own = this.registers.logicalId >>> 24;
    switch (this.registers.destinationFormat >>> 28) {
      case 0xf:
        return (destination & own) !== 0;
      case 0: {
        const cluster = destination >> 4;
        return (cluster === 0xf || cluster === own >> 4) && (destination & own & 0xf) !== 0;
      }
      default:
        return false;
    }
  }

  /**
   * The LINT0 pin, wired to the 8259. In ExtINT mode nothing happens here: the processor asks
   * `acceptsExtInt` and takes the vector from the 8259.
   */
  setLint0(level: boolean): void {
    if (level === this.registers.lint0) return;
    this.registers.lint0 = level;
    if (level && this.hardwareEnabled) this.fireLvt(LINT0);
  }

  /** The LINT1 pin, wired to NMI; with the APIC disabled it is the processor's NMI pin. */
  setLint1(level: boolean): void {
    if (level === this.registers.lint1) return;
    this.registers.lint1 = level;
    if (!level) return;
    if (this.hardwareEnabled) this.fireLvt(LINT1);
    else this.sink.nmi();
  }

  readMmio(offset: number, size: AccessSize): number {
    let value = 0;
    if (!this.hardwareEnabled || this.x2apic) value = 0xffff_ffff;
    else if ((offset & 0xc) === 0) value = this.readXapic(offset >> 4) >>> ((offset & 3) * 8);
    return size === 1 ? value & 0xff : size === 2 ? value & 0xffff : value;
  }

  /** Only aligned 32-bit stores are architectural; others are dropped. */
  writeMmio(offset: number, size: AccessSize, value: number): void {
    if (!this.hardwareEnabled || this.x2apic || size !== 4 || (offset & 0xf) !== 0) return;
    const register = offset >> 4;
    if (register === Register.selfIpi || !this.writeRegister(register, value)) {
      if (this.readRegister(register) === undefined) this.reportError(ApicError.illegalRegisterAddress);
    }
  }

  /** RDMSR of IA32_APIC_BASE, IA32_TSC_DEADLINE or an x2APIC register. Undefined means #GP(0). */
  readMsr(msr: number): bigint | undefined {
    if (msr === IA32_TSC_DEADLINE) return this.timer.deadline;
    if (msr === IA32_APIC_BASE) return this.registers.base;
    if (!this.x2apic || msr < X2APIC_FIRST || msr > X2APIC_LAST) return undefined;
    const register = msr - X2APIC_FIRST;
    if (isUnreadableInX2apic(register)) return undefined;
    const value = this.readRegister(register);
    if (value === undefined) return undefined;
    if (register === Register.interruptCommandLow)
      return (BigInt(this.registers.icrHigh) << 32n) | BigInt(value);
    return BigInt(value);
  }

  /** WRMSR, the counterpart of `readMsr`. @param value unsigned 64 bits. False means #GP(0). */
  writeMsr(msr: number, value: bigint): boolean {
    if (msr === IA32_TSC_DEADLINE) {
      this.timer.deadline = value;
      return true;
    }
    if (msr === IA32_APIC_BASE) return this.writeBase(value);
    if (!this.x2apic || msr < X2APIC_FIRST || msr > X2APIC_LAST) return false;
    const register = msr - X2APIC_FIRST;
    if (register === Register.interruptCommandLow) {
      if ((value & X2APIC_ICR_RESERVED) !== 0n) return false;
      this.registers.icrHigh = Number(value >> 32n);
      this.registers.icrLow = Number(value & 0xffff_ffffn) & ICR_WRITABLE;
      this.send();
      return true;
    }
    const defined = x2apicDefinedBits(register);
    if (defined === undefined || value > 0xffff_ffffn) return false;
    const low = Number(value);
    if ((low & ~defined) !== 0) return false;
    return this.writeRegister(register, low);
  }

  reset(): void {
    this.registers = initialRegisters();
    this.setBase(this.resetBase);
    this.resetRegisters();
    this.timer.tscOffset = 0n;
  }

  save(): DeviceState {
    return {
      registers: { ...this.registers },
      requests: this.requests.save(),
      inService: this.inService.save(),
      levelTriggered: this.levelTriggered.save(),
      lvt: Array.from(this.lvt),
      timer: this.timer.save(),
    };
  }

  load(state: DeviceState): void {
    const registers = initialRegisters();
    restoreRegisters(registers, stateIn(state, 'registers'));
    const requests = numbersIn(state, 'requests', VECTOR_WORDS);
    const inService = numbersIn(state, 'inService', VECTOR_WORDS);
    const levelTriggered = numbersIn(state, 'levelTriggered', VECTOR_WORDS);
    const lvt = numbersIn(state, 'lvt', Lvt.count);
    this.timer.load(stateIn(state, 'timer'));
    this.registers = registers;
    this.setBase(registers.base);
    this.requests.load(requests);
    this.inService.load(inService);
    this.levelTriggered.load(levelTriggered);
    this.lvt.set(lvt);
    this.updatePriority();
    this.updateExtInt();
  }

  private get softwareEnabled(): boolean {
    return (this.registers.spurious & SVR_SOFTWARE_ENABLE) !== 0;
  }

  /** The LDR of x2APIC mode: cluster in the high half, one bit of 16 in the low half. */
  private get x2apicLogicalId(): number {
    return (((this.id >>> 4) << 16) | (1 << (this.id & 0xf))) >>> 0;
  }

  /** "Local APIC State After Power-Up or Reset", which is also the state after INIT. */
  private resetRegisters(): void {
    const { base, lint0, lint1 } = this.registers;
    this.registers = { ...initialRegisters(), base, lint0, lint1 };
    this.requests.clear();
    this.inService.clear();
    this.levelTriggered.clear();
    this.lvt.fill(Lvt.mask);
    this.timer.reset();
    this.updatePriority();
    this.updateExtInt();
  }

  /** The legal changes of mode are those of "x2APIC State Transitions". */
  private writeBase(value: bigint): boolean {
    const enable = (value & ApicBase.enable) !== 0n;
    const x2apic = (value & ApicBase.x2apic) !== 0n;
    if ((value & this.baseReserved) !== 0n) return false;
    if (x2apic && !(enable && this.hardwareEnabled)) return false;
    if (this.x2apic && enable && !x2apic) return false;
    const disabled = this.hardwareEnabled && !enable;
    this.setBase(value);
    if (disabled) this.resetRegisters();
    else this.updateExtInt();
    return true;
  }

  private setBase(value: bigint): void {
    this.registers.base = value;
    this.hardwareEnabled = (value & ApicBase.enable) !== 0n;
    this.x2apic = (value & ApicBase.x2apic) !== 0n;
  }

  private readXapic(register: number): number {
    const value = this.readRegister(register);
    if (value !== undefined) return value;
    this.reportError(ApicError.illegalRegisterAddress);
    return 0;
  }

  /** Returns the register in the current mode's layout, or undefined if there is nothing to read. */
  private readRegister(register: number): number | undefined {
    switch (register) {
      case Register.id:
        return this.x2apic ? this.id : ((this.id & 0xff) << 24) >>> 0;
      case Register.version:
        return APIC_VERSION;
      case Register.taskPriority:
        return this.registers.taskPriority;
      case Register.processorPriority:
        return this.processorPriority;
      case Register.arbitrationPriority:
      case Register.endOfInterrupt:
      case Register.remoteRead:
        return 0;
      case Register.logicalDestination:
        return this.x2apic ? this.x2apicLogicalId : this.registers.logicalId;
      case Register.destinationFormat:
        return this.registers.destinationFormat;
      case Register.spuriousInterrupt:
        return this.registers.spurious;
      case Register.errorStatus:
        return this.registers.errorStatus;
      case Register.interruptCommandLow:
        return this.registers.icrLow;
      case Register.interruptCommandHigh:
        return this.registers.icrHigh;
      case Register.initialCount:
        return this.timer.initialCount;
      case Register.currentCount:
        return this.timer.currentCount;
      case Register.divideConfiguration:
        return this.timer.divideConfiguration;
    }
    if (register >= Register.lvtTimer && register <= Register.lvtError) {
      return this.lvt[register - Register.lvtTimer];
    }
    switch (register & ~7) {
      case Register.inService:
        return this.inService.word(register & 7);
      case Register.triggerMode:
        return this.levelTriggered.word(register & 7);
      case Register.interruptRequest:
        return this.requests.word(register & 7);
      default:
        return undefined;
    }
  }

  /** Returns false if there is nothing to write under this number. */
  private writeRegister(register: number, value: number): boolean {
    switch (register) {
      case Register.endOfInterrupt:
        this.endOfInterrupt();
        return true;
      case Register.taskPriority:
        this.writeTaskPriority(value & 0xff);
        return true;
      case Register.logicalDestination:
        this.registers.logicalId = (value & 0xff00_0000) >>> 0;
        return true;
      case Register.destinationFormat:
        this.registers.destinationFormat = (value | 0x0fff_ffff) >>> 0;
        return true;
      case Register.spuriousInterrupt:
        this.writeSpurious(value & 0x3ff);
        return true;
      case Register.errorStatus:
        this.registers.errorStatus = this.registers.errors;
        this.registers.errors = 0;
        return true;
      case Register.interruptCommandHigh:
        this.registers.icrHigh = (value & 0xff00_0000) >>> 0;
        return true;
      case Register.interruptCommandLow:
        this.registers.icrLow = value & ICR_WRITABLE;
        this.send();
        return true;
      case Register.initialCount:
        this.timer.initialCount = value;
        return true;
      case Register.divideConfiguration:
        this.timer.divideConfiguration = value;
        return true;
      case Register.selfIpi:
        this.sendFixedToSelf(value & 0xff);
        return true;
    }
    if (register < Register.lvtTimer || register > Register.lvtError) return false;
    this.writeLvt(register - Register.lvtTimer, value);
    return true;
  }

  private writeLvt(entry: number, value: number): void {
    // What has happened until now happens under the old entry.
    if (entry === TIMER) this.timer.synchronize();
    const forced = this.softwareEnabled ? 0 : Lvt.mask;
    this.lvt[entry] = (value & lvtWritableBits(entry)) | forced;
    if (entry === TIMER) this.timer.setMode((value >> Lvt.timerModeShift) & 3);
    else if (entry === LINT0) this.updateExtInt();
  }

  private writeSpurious(value: number): void {
    this.registers.spurious = value;
    if (this.softwareEnabled) return;
    for (let entry = 0; entry < Lvt.count; entry++) this.lvt[entry] |= Lvt.mask;
    this.updateExtInt();
  }

  private writeTaskPriority(value: number): void {
    this.registers.taskPriority = value;
    this.updatePriority();
  }

  private endOfInterrupt(): void {
    const vector = this.inService.highest();
    if (vector < 0) return;
    this.inService.delete(vector);
    this.updatePriority();
    if (this.levelTriggered.has(vector)) this.sink.eoiBroadcast(vector);
  }

  /** The PPR ("Task and Processor Priorities"), and what follows from it. */
  private updatePriority(): void {
    const inService = Math.max(this.inService.highest(), 0) & 0xf0;
    this.processorPriority =
      (this.registers.taskPriority & 0xf0) >= inService ? this.registers.taskPriority : inService;
    this.updatePending();
  }

  private updatePending(): void {
    const pending = this.hardwareEnabled && this.requests.highest() >> 4 > this.processorPriority >> 4;
    if (pending === this.pending) return;
    this.pending = pending;
    this.sink.interruptPendingChanged();
  }

  private updateExtInt(): void {
    const entry = this.lvt[LINT0] & (Lvt.mask | Lvt.deliveryMode);
    const extInt = !this.hardwareEnabled || entry === DeliveryMode.extInt << Lvt.deliveryModeShift;
    if (extInt === this.extInt) return;
    this.extInt = extInt;
    this.sink.interruptPendingChanged();
  }

  /** Generates the interrupt of a local vector table entry. */
  private fireLvt(entry: number): void {
    const value = this.lvt[entry];
    if ((value & Lvt.mask) !== 0) return;
    this.receive({
      vector: value & Lvt.vector,
      deliveryMode: (value & Lvt.deliveryMode) >> Lvt.deliveryModeShift,
      levelTriggered: false,
      destination: this.id,
      logical: false,
    });
  }

  /** Logs an error; the error interrupt is armed again only by a write of the ESR. */
  private reportError(error: number): void {
    const armed = this.registers.errors === 0;
    this.registers.errors |= error;
    if (armed) this.fireLvt(ERROR);
  }

  private sendFixedToSelf(vector: number): void {
    if (vector < 16) this.reportError(ApicError.sendIllegalVector);
    this.acceptInterrupt(vector, false);
  }

  /** Carries out the command in the ICR ("Issuing Interprocessor Interrupts"). */
  private send(): void {
    const command = this.registers.icrLow;
    const vector = command & 0xff;
    const deliveryMode = (command >> 8) & 7;
    const asserted = (command & (1 << 14)) !== 0;
    const shorthand = (command >> 18) & 3;
    switch (deliveryMode) {
      case DeliveryMode.fixed:
      case DeliveryMode.lowestPriority:
        if (vector < 16) this.reportError(ApicError.sendIllegalVector);
        break;
      case DeliveryMode.nmi:
      case DeliveryMode.startup:
        break;
      case DeliveryMode.init:
        // The de-assert message only synchronised arbitration IDs on the APIC bus.
        if (!asserted) return;
        break;
      default:
        return;
    }
    const logical = shorthand === 0 && (command & (1 << 11)) !== 0;
    const destination = shorthand === 0 ? this.icrDestination(logical) : BROADCAST_DESTINATION;
    // The trigger mode of the ICR matters only for INIT de-assert: every IPI is edge-triggered.
    const message: ApicMessage = { vector, deliveryMode, levelTriggered: false, destination, logical };
    const toSelf = shorthand === 0 ? this.matchesDestination(destination, logical) : shorthand !== 3;
    const onlySelf =
      shorthand === 1 ||
      (toSelf && (deliveryMode === DeliveryMode.lowestPriority || (!logical && destination === this.id)));
    if (!onlySelf) this.sink.sendIpi(message);
    if (toSelf) this.receive(message);
  }

  private icrDestination(logical: boolean): number {
    if (this.x2apic) return this.registers.icrHigh;
    const destination = this.registers.icrHigh >>> 24;
    return !logical && destination === 0xff ? BROADCAST_DESTINATION : destination;
  }
}
