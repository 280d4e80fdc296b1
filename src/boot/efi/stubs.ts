/**
 * The guest code behind the pointers in EFI's tables, and what answers it. Services that only wait are guest code
 * altogether: time passes while guest code runs.
 */
import type { GuestMemory } from '../../devices/device.ts';
import { BadAddress, type Caller, type Firmware, firmwareStub } from '../firmware.ts';
import { EfiCall } from './call.ts';
import { OutOfMemory } from './out-of-memory.ts';
import { INVALID_PARAMETER, OUT_OF_RESOURCES } from './status.ts';

/** Does a service. Returns its status, or undefined where it has arranged what happens next itself. */
export type Service = (call: EfiCall) => bigint | undefined;

/**
 * A service whose work has no bound: between two pieces it yields, and the guest comes back for the next after the
 * host has had its turn. What it returns is as for a Service.
 */
export type LongService = (call: EfiCall) => Generator<void, bigint | undefined>;

const SERVICES_MAX = 256;
const STUB_ALIGNMENT = 16;

/** Where guest code of stubs goes. */
export interface CodeArea {
  next: number;
  readonly end: number;
}

export class Stubs implements Firmware {
  private readonly memory: GuestMemory;
  private readonly services: Service[] = [];

  constructor(memory: GuestMemory) {
    this.memory = memory;
  }

  /** Places guest code. Returns its address. @throws RangeError when the area is full. */
  addCode(area: CodeArea, code: Uint8Array): number {
    const address = area.next;
    area.next += Math.ceil(code.length / STUB_ALIGNMENT) * STUB_ALIGNMENT;
    if (area.next > area.end) throw new RangeError('no room for more stubs');
    this.memory.write(address, code);
    return address;
  }

  /** @param before guest code in front of the call. Returns the address to call. */
  add(area: CodeArea, service: Service, before: readonly number[] = []): number {
    const number = this.services.push(service) - 1;
    if (number >= SERVICES_MAX) throw new RangeError('too many services');
    return this.addCode(area, Uint8Array.of(...before, ...firmwareStub(number)));
  }

  /** Calling it anew before it is done gives up what was begun. */
  addLong(area: CodeArea, service: LongService): number {
    let running: ReturnType<LongService> | undefined;
    const step = (call: EfiCall): bigint | undefined => {
      // An error ends it, too.
      const current = running;
      running = undefined;
      const result = current?.next();
      if (result === undefined) return INVALID_PARAMETER;
      if (result.done) return result.value;
      running = current;
      return call.goOnAt(again);
    };
    const again: number = this.add(area, step);
    return this.add(area, (call) => {
      running?.return(undefined);
      running = service(call);
      return step(call);
    });
  }

  call(number: number, caller: Caller): void {
    const service = this.services[number];
    // The port can be written by anyone.
    if (service === undefined) return;
    let status: bigint | undefined;
    try {
      status = service(new EfiCall(caller));
    } catch (error) {
      if (error instanceof BadAddress) status = INVALID_PARAMETER;
      else if (error instanceof OutOfMemory) status = OUT_OF_RESOURCES;
      else throw error;
    }
    if (status !== undefined) caller.setRegister('ax', status);
  }
}
