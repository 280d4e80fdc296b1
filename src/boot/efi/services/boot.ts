/** The boot services in the order of their table (UEFI specification 2.10, "EFI Boot Services Table"). */
import type { EfiCall } from '../call.ts';
import { INVALID_PARAMETER, NOT_FOUND, OUT_OF_RESOURCES, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { Service } from '../stubs.ts';
import type { EfiSystem } from '../system.ts';
import type { EfiTables } from '../tables.ts';
import type { EventServices } from './events.ts';
import { CALCULATE_CRC32, COPY_MEMORY, SET_MEMORY, STALL } from './guest-code.ts';
import type { ImageServices } from './images.ts';
import type { MemoryServices } from './memory.ts';
import { ProtocolServices } from './protocols.ts';

export interface BootServiceParts {
  readonly events: EventServices;
  readonly images: ImageServices;
  readonly memory: MemoryServices;
  /** Exist when a service is called. */
  readonly tables: () => EfiTables;
  /** The application that the machine started with has ended. */
  readonly applicationEnded: (call: EfiCall, status: bigint) => void;
}

/** Returns the addresses of the services. */
export function bootServices(system: EfiSystem, parts: BootServiceParts): number[] {
  const { events, images, memory, tables } = parts;
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
    stubs.addLong(bootCode, (call) => images.loadImage(call)),
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
    stubs.addCode(bootCode, CALCULATE_CRC32),
    stubs.addCode(bootCode, COPY_MEMORY),
    stubs.addCode(bootCode, SET_MEMORY),
    add(events.createEventEx),
  ];
}
