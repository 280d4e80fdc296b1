/** UEFI specification 2.10, "Protocol Handler Services". */
import type { EfiCall } from '../call.ts';
import { readDevicePath } from '../handles.ts';
import { MemoryType } from '../pages.ts';
import {
  BUFFER_TOO_SMALL,
  INVALID_PARAMETER,
  NOT_FOUND,
  OUT_OF_RESOURCES,
  SUCCESS,
  UNSUPPORTED,
} from '../status.ts';
import { type EfiSystem, encodePointers } from '../system.ts';
import type { MemoryServices } from './memory.ts';

const ALL_HANDLES = 0;
const BY_REGISTER_NOTIFY = 1;
const BY_PROTOCOL = 2;

/** OpenProtocol: only asks whether the protocol is there. */
const OPEN_TEST_PROTOCOL = 4;
/** Arguments of the two services with lists before they must have ended. */
const LIST_MAX = 64;

export class ProtocolServices {
  private readonly system: EfiSystem;
  private readonly memory: MemoryServices;

  constructor(system: EfiSystem, memory: MemoryServices) {
    this.system = system;
    this.memory = memory;
  }

  readonly installProtocolInterface = (call: EfiCall): bigint => {
    const pointer = call.argument(0);
    const protocol = call.guid(call.argument(1));
    const given = call.u64(pointer);
    const handle = given === 0n ? this.system.handles.create() : given;
    if (!this.system.handles.install(handle, protocol, call.argument(3))) return INVALID_PARAMETER;
    call.setU64(pointer, handle);
    return SUCCESS;
  };

  readonly reinstallProtocolInterface = (call: EfiCall): bigint => {
    const protocol = call.guid(call.argument(1));
    return this.system.handles.replace(call.argument(0), protocol, call.argument(2), call.argument(3))
      ? SUCCESS
      : NOT_FOUND;
  };

  readonly uninstallProtocolInterface = (call: EfiCall): bigint =>
    this.system.handles.uninstall(call.argument(0), call.guid(call.argument(1)), call.argument(2))
      ? SUCCESS
      : NOT_FOUND;

  /** The pairs of protocol and interface behind the first argument, up to a null. */
  private pairs(call: EfiCall): { protocol: string; address: bigint }[] | undefined {
    const pairs: { protocol: string; address: bigint }[] = [];
    for (let index = 1; index < LIST_MAX; index += 2) {
      const guid = call.argument(index);
      if (guid === 0n) return pairs;
      pairs.push({ protocol: call.guid(guid), address: call.argument(index + 1) });
    }
    return undefined;
  }

  readonly installMultiple = (call: EfiCall): bigint => {
    const { handles } = this.system;
    const pointer = call.argument(0);
    const pairs = this.pairs(call);
    const given = call.u64(pointer);
    if (pairs === undefined || pairs.length === 0) return INVALID_PARAMETER;
    if (given !== 0n && pairs.some(({ protocol }) => handles.interfaceOf(given, protocol) !== undefined)) {
      return INVALID_PARAMETER;
    }
    const handle = given === 0n ? handles.create() : given;
    for (const { protocol, address } of pairs) {
      if (!handles.install(handle, protocol, address)) return INVALID_PARAMETER;
    }
    call.setU64(pointer, handle);
    return SUCCESS;
  };

  readonly uninstallMultiple = (call: EfiCall): bigint => {
    const { handles } = this.system;
    const handle = call.argument(0);
    const pairs = this.pairs(call);
    if (pairs === undefined) return INVALID_PARAMETER;
    if (pairs.some(({ protocol, address }) => handles.interfaceOf(handle, protocol) !== address)) {
      return INVALID_PARAMETER;
    }
    for (const { protocol, address } of pairs) handles.uninstall(handle, protocol, address);
    return SUCCESS;
  };

  readonly handleProtocol = (call: EfiCall): bigint => {
    const handle = call.argument(0);
    if (!this.system.handles.has(handle)) return INVALID_PARAMETER;
    const address = this.system.handles.interfaceOf(handle, call.guid(call.argument(1)));
    call.setU64(call.argument(2), address ?? 0n);
    return address === undefined ? UNSUPPORTED : SUCCESS;
  };

  readonly openProtocol = (call: EfiCall): bigint => {
    const handle = call.argument(0);
    if (!this.system.handles.has(handle)) return INVALID_PARAMETER;
    const address = this.system.handles.interfaceOf(handle, call.guid(call.argument(1)));
    if (call.argument32(5) !== OPEN_TEST_PROTOCOL) call.setU64(call.argument(2), address ?? 0n);
    return address === undefined ? UNSUPPORTED : SUCCESS;
  };

  readonly closeProtocol = (call: EfiCall): bigint =>
    this.system.handles.has(call.argument(0)) ? SUCCESS : INVALID_PARAMETER;

  private search(call: EfiCall): readonly bigint[] | undefined {
    switch (call.argument32(0)) {
      case ALL_HANDLES:
        return this.system.handles.all();
      case BY_REGISTER_NOTIFY:
        return [];
      case BY_PROTOCOL:
        return this.system.handles.with(call.guid(call.argument(1)));
      default:
        return undefined;
    }
  }

  readonly locateHandle = (call: EfiCall): bigint => {
    const found = this.search(call);
    if (found === undefined) return INVALID_PARAMETER;
    if (found.length === 0) return NOT_FOUND;
    const size = found.length * 8;
    const sizePointer = call.argument(3);
    const room = call.number(sizePointer);
    call.setU64(sizePointer, size);
    if (room < size) return BUFFER_TOO_SMALL;
    call.setBytes(call.argument(4), encodePointers(found.map(Number)));
    return SUCCESS;
  };

  readonly locateHandleBuffer = (call: EfiCall): bigint => {
    const found = this.search(call);
    if (found === undefined) return INVALID_PARAMETER;
    if (found.length === 0) return NOT_FOUND;
    const address = this.memory.takePool(MemoryType.bootServicesData, found.length * 8);
    if (address === undefined) return OUT_OF_RESOURCES;
    call.setBytes(BigInt(address), encodePointers(found.map(Number)));
    call.setU64(call.argument(3), found.length);
    call.setU64(call.argument(4), address);
    return SUCCESS;
  };

  readonly locateProtocol = (call: EfiCall): bigint => {
    const protocol = call.guid(call.argument(0));
    const handle = this.system.handles.with(protocol)[0];
    const address = handle === undefined ? undefined : this.system.handles.interfaceOf(handle, protocol);
    call.setU64(call.argument(2), address ?? 0n);
    return address === undefined ? NOT_FOUND : SUCCESS;
  };

  readonly locateDevicePath = (call: EfiCall): bigint => {
    const read = (address: bigint, length: number) => call.bytes(address, length);
    const pointer = call.argument(1);
    const start = call.u64(pointer);
    const path = readDevicePath(start, read);
    if (path === undefined) return INVALID_PARAMETER;
    const found = this.system.handles.nearest(
      call.guid(call.argument(0)),
      path,
      (address) => readDevicePath(address, read) ?? new Uint8Array(0),
    );
    if (found === undefined) return NOT_FOUND;
    call.setU64(pointer, start + BigInt(found.length));
    call.setU64(call.argument(2), found.handle);
    return SUCCESS;
  };
}
