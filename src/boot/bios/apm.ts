/**
 * Advanced power management: the functions of INT 15H/AH=53H and of the protected-mode entry, which are the same. Power
 * is all that there is to manage: standby and suspend end at once, as if something had woken the machine, and have an
 * event for it; off is off.
 * Source: Advanced Power Management BIOS Interface Specification 1.2.
 */
import type { Hardware } from '../firmware.ts';
import { PM1A_CONTROL_PORT, S5_SLEEP_TYPE } from '../io-map.ts';
import { KIB } from '../memory-map.ts';
import type { BiosCall, FarPointer } from './call.ts';

const VERSION = 0x0102;
const VERSION_1_0 = 0x0100;
/** "PM" */
const SIGNATURE = 0x504d;
/** Capabilities that the installation check tells, in CX: the 32-bit protected-mode interface. */
const HAS_32_BIT_INTERFACE = 1 << 1;
/** What AL=10H tells: standby and suspend. */
const CAN_STAND_BY = 1 << 0;
const CAN_SUSPEND = 1 << 1;

const Failure = {
  interfaceConnected: 0x02,
  notConnected: 0x03,
  no16BitInterface: 0x06,
  protectedInterfaceConnected: 0x07,
  unknownDevice: 0x09,
  parameterOutOfRange: 0x0a,
  notEngaged: 0x0b,
  unsupported: 0x0c,
  noEvent: 0x80,
} as const;

const DEVICE_BIOS = 0x0000;
const DEVICE_ALL = 0x0001;
/** What version 1.0 meant by all devices. */
const DEVICE_ALL_OLD = 0xffff;

const STATE_STANDBY = 1;
const STATE_SUSPEND = 2;
const STATE_OFF = 3;

const EVENT_RESUMED = 0x0003;
const EVENT_STANDBY_RESUMED = 0x000b;

/** AL=0AH: on line power, battery unknown, no battery. */
const ON_LINE = 0x01;
const BATTERY_UNKNOWN = 0xff;
const NO_BATTERY = 0x80;
const TIME_UNKNOWN = 0xffff;

const SLEEP_ENABLE = 1 << 13;
const SLEEP_TYPE_SHIFT = 10;
const SEGMENT_SIZE = 64 * KIB;

type Connection = 'none' | 'real mode' | 'protected mode';

export class ApmBios {
  private readonly hardware: Hardware;
  private readonly entry: FarPointer;
  private connection: Connection = 'none';
  /** As the driver and this agree on it; 1.0 until they do. */
  private version = VERSION_1_0;
  private isEngaged = true;
  private isEnabled = true;
  private readonly events: number[] = [];

  /** @param entry where 32-bit code calls. */
  constructor(hardware: Hardware, entry: FarPointer) {
    this.hardware = hardware;
    this.entry = entry;
  }

  /** INT 15H: also how to connect. */
  callRealMode(call: BiosCall): void {
    switch (call.al) {
      case 0x00:
        this.check(call);
        return;
      case 0x01:
        if (this.connection === 'none') this.connect('real mode', call);
        else this.failConnected(call);
        return;
      case 0x02:
        call.fail(Failure.no16BitInterface);
        return;
      case 0x03:
        this.connectProtectedMode(call);
        return;
      default:
        // A connected protected mode has the interface for itself, but for disconnecting.
        if (this.connection === 'protected mode' && call.al !== 0x04) this.failConnected(call);
        else this.call(call);
    }
  }

  /** The functions of a connected interface. */
  call(call: BiosCall): void {
    if (this.connection === 'none') {
      call.fail(Failure.notConnected);
      return;
    }
    switch (call.al) {
      case 0x04:
        this.disconnect();
        call.succeed();
        return;
      // Idle and busy: the clock does not change.
      case 0x05:
      case 0x06:
        call.succeed();
        return;
      case 0x07:
        this.setState(call);
        return;
      case 0x08:
        this.enable(call);
        return;
      case 0x09:
        this.isEnabled = true;
        this.isEngaged = true;
        call.succeed();
        return;
      case 0x0a:
        this.tellPower(call);
        return;
      case 0x0b:
        this.tellEvent(call);
        return;
      // Whatever asks is on.
      case 0x0c:
        call.setWord('cx', 0);
        call.succeed();
        return;
      case 0x0d:
        this.enable(call);
        return;
      case 0x0e:
        this.agreeOnVersion(call);
        return;
      case 0x0f:
        this.isEngaged = call.word('cx') !== 0;
        call.succeed();
        return;
      case 0x10:
        call.setWord('bx', 0);
        call.setWord('cx', CAN_STAND_BY | CAN_SUSPEND);
        call.succeed();
        return;
      default:
        call.fail(Failure.unsupported);
    }
  }

  private check(call: BiosCall): void {
    if (call.word('bx') !== DEVICE_BIOS) {
      call.fail(Failure.unknownDevice);
      return;
    }
    const disabled = this.isEnabled ? 0 : 1 << 3;
    const disengaged = this.isEngaged ? 0 : 1 << 4;
    call.ax = VERSION;
    call.setWord('bx', SIGNATURE);
    call.setWord('cx', HAS_32_BIT_INTERFACE | disabled | disengaged);
    call.succeed();
  }

  private connect(connection: Connection, call: BiosCall): void {
    this.connection = connection;
    this.version = VERSION_1_0;
    call.succeed();
  }

  private failConnected(call: BiosCall): void {
    const isReal = this.connection === 'real mode';
    call.fail(isReal ? Failure.interfaceConnected : Failure.protectedInterfaceConnected);
  }

  private connectProtectedMode(call: BiosCall): void {
    if (this.connection !== 'none') {
      this.failConnected(call);
      return;
    }
    const { segment, offset } = this.entry;
    this.connect('protected mode', call);
    // 32-bit and 16-bit code, and data, all of them the segment of the BIOS.
    call.ax = segment;
    call.setDouble('bx', offset);
    call.setWord('cx', segment);
    call.setWord('dx', segment);
    const length = SEGMENT_SIZE - 1;
    call.setDouble('si', length * 0x1_0000 + length);
    call.setWord('di', length);
  }

  private disconnect(): void {
    this.connection = 'none';
    this.events.length = 0;
  }

  private setState(call: BiosCall): void {
    const device = call.word('bx');
    const state = call.word('cx');
    const isAll = device === DEVICE_ALL || (device === DEVICE_ALL_OLD && this.version === VERSION_1_0);
    if (!isAll) call.fail(Failure.unknownDevice);
    else if (!this.isEngaged) call.fail(Failure.notEngaged);
    else if (state === STATE_OFF) {
      call.succeed();
      const command = SLEEP_ENABLE | (S5_SLEEP_TYPE << SLEEP_TYPE_SHIFT);
      this.hardware.writePort(PM1A_CONTROL_PORT, 2, command);
    } else if (state === STATE_STANDBY || state === STATE_SUSPEND) {
      this.events.push(state === STATE_SUSPEND ? EVENT_RESUMED : EVENT_STANDBY_RESUMED);
      call.succeed();
    } else call.fail(Failure.parameterOutOfRange);
  }

  private enable(call: BiosCall): void {
    if (call.word('cx') > 1) {
      call.fail(Failure.parameterOutOfRange);
      return;
    }
    this.isEnabled = call.word('cx') === 1;
    call.succeed();
  }

  private tellPower(call: BiosCall): void {
    if (call.word('bx') !== DEVICE_ALL) {
      call.fail(Failure.unknownDevice);
      return;
    }
    call.setBytes('bx', ON_LINE, BATTERY_UNKNOWN);
    call.setBytes('cx', NO_BATTERY, BATTERY_UNKNOWN);
    call.setWord('dx', TIME_UNKNOWN);
    call.succeed();
  }

  private tellEvent(call: BiosCall): void {
    const event = this.events.shift();
    if (event === undefined) {
      call.fail(Failure.noEvent);
      return;
    }
    call.setWord('bx', event);
    call.setWord('cx', 0);
    call.succeed();
  }

  private agreeOnVersion(call: BiosCall): void {
    const wanted = call.word('cx');
    this.version = Math.max(VERSION_1_0, Math.min(wanted, VERSION));
    call.ax = this.version;
    call.succeed();
  }
}
