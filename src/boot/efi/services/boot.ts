/** The boot services in the order of their table (UEFI specification 2.10, "EFI Boot Services Table"). */
import type { EfiCall } from '../call.ts';
import { crc32 } from '../crc32.ts';
import { INVALID_PARAMETER, NOT_FOUND, OUT_OF_RESOURCES, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { Service } from '../stubs.ts';
import type { EfiSystem } from '../system.ts';
import type { EfiTables } from '../tables.ts';
import type { EventServices } from './events.ts';
import type { ImageServices } from './images.ts';
import { MemoryServices } from './memory.ts';
import { ProtocolServices } from './protocols.ts';

/**
 * Stall is guest code: it reads the time-stamp counter, a nanosecond a tick, until RCX microseconds have gone by.
 *
 *     imul rcx, rcx, 1000
 *     rdtsc; shl rdx, 32; or rax, rdx; add rcx, rax
 *     again: pause; rdtsc; shl rdx, 32; or rax, rdx; cmp rax, rcx; jb again
 *     xor eax, eax; ret
 */
const STALL = Uint8Array.of(
  ...[0x48, 0x69, 0xc9, 0xe8, 0x03, 0x00, 0x00],
  ...[0x0f, 0x31, 0x48, 0xc1, 0xe2, 0x20, 0x48, 0x09, 0xd0, 0x48, 0x01, 0xc1],
  ...[0xf3, 0x90, 0x0f, 0x31, 0x48, 0xc1, 0xe2, 0x20, 0x48, 0x09, 0xd0, 0x48, 0x39, 0xc8, 0x72, 0xf0],
  ...[0x31, 0xc0, 0xc3],
);

export interface BootServiceParts {
  readonly events: EventServices;
  readonly images: ImageServices;
  /** Exist when a service is called. */
  readonly tables: () => EfiTables;
  /** The application that the machine started with has ended. */
  readonly applicationEnded: (call: EfiCall, status: bigint) => void;
}

/** Returns the addresses of the services. */
export function bootServices(system: EfiSystem, parts: BootServiceParts): number[] {
  const { events, images, tables } = parts;
  const memory = new MemoryServices(system);
  const protocols = new ProtocolServices(system, memory);
  const { stubs, bootCode } = system;
  let monotonicCount = 0;
  const add = (service: Service): number => stubs.add(bootCode, service);
  const unsupported = add(() => UNSUPPORTED);
  const waitForEvent: number = add((call) => events.waitForEvent(call, waitForEvent));

  const installConfigurationTable = (call: EfiCall): bigint => {
    const address = call.argument(1);
    const done = tables().install(call.guid(call.argument(0)), address);
    if (done) return SUCCESS;
    return address === 0n ? NOT_FOUND : OUT_OF_RESOURCES;
  };
  const exit = (call: EfiCall): bigint | undefined => {
    const { isFirst, status } = images.exit(call);
    if (!isFirst) return status;
    parts.applicationEnded(call, status ?? 0n);
    return undefined;
  };
  const exitBootServices = (call: EfiCall): bigint => {
    if (call.argumentNumber(1) !== system.pages.key) return INVALID_PARAMETER;
    system.bootServicesEnded = true;
    tables().endBootServices();
    return SUCCESS;
  };
  const nextMonotonicCount = (call: EfiCall): bigint => {
    monotonicCount += 1;
    call.setU64(call.argument(0), monotonicCount);
    return SUCCESS;
  };
  const calculateCrc32 = (call: EfiCall): bigint => {
    const size = call.argumentNumber(1);
    if (size === 0) return INVALID_PARAMETER;
    call.setU32(call.argument(2), crc32(call.bytes(call.argument(0), size)));
    return SUCCESS;
  };
  const copyMemory = (call: EfiCall): bigint => {
    call.setBytes(call.argument(0), call.bytes(call.argument(1), call.argumentNumber(2)));
    return SUCCESS;
  };
  const setMemory = (call: EfiCall): bigint => {
    const bytes = new Uint8Array(call.argumentLength(1)).fill(call.argument32(2));
    call.setBytes(call.argument(0), bytes);
    return SUCCESS;
  };

  return [
    add(events.raiseTpl),
    add(events.restoreTpl),
    add(memory.allocatePages),
    add(memory.freePages),
    add(memory.getMemoryMap),
    add(memory.allocatePool),
    add(memory.freePool),
    add(events.createEvent),
    add(events.setTimer),
    waitForEvent,
    add(events.signalEvent),
    add(events.closeEvent),
    add(events.checkEvent),
    add(protocols.installProtocolInterface),
    add(protocols.reinstallProtocolInterface),
    add(protocols.uninstallProtocolInterface),
    add(protocols.handleProtocol),
    0, // reserved
    unsupported, // RegisterProtocolNotify
    add(protocols.locateHandle),
    add(protocols.locateDevicePath),
    add(installConfigurationTable),
    add(images.loadImage),
    add(images.startImage),
    add(exit),
    add(images.unloadImage),
    add(exitBootServices),
    add(nextMonotonicCount),
    stubs.addCode(bootCode, STALL),
    add(() => SUCCESS), // SetWatchdogTimer: nothing bites
    add(() => NOT_FOUND), // ConnectController: there are no drivers
    add(() => NOT_FOUND), // DisconnectController
    add(protocols.openProtocol),
    add(protocols.closeProtocol),
    unsupported, // OpenProtocolInformation
    unsupported, // ProtocolsPerHandle
    add(protocols.locateHandleBuffer),
    add(protocols.locateProtocol),
    add(protocols.installMultiple),
    add(protocols.uninstallMultiple),
    add(calculateCrc32),
    add(copyMemory),
    add(setMemory),
    add(events.createEventEx),
  ];
}
