/** UEFI specification 2.10, "Variable Services". */
import type { EfiCall } from '../call.ts';
import { encodeText } from '../call.ts';
import { encodeGuid } from '../guid.ts';
import {
  BUFFER_TOO_SMALL,
  INVALID_PARAMETER,
  NOT_FOUND,
  OUT_OF_RESOURCES,
  SUCCESS,
  UNSUPPORTED,
} from '../status.ts';
import type { EfiSystem } from '../system.ts';

const NON_VOLATILE = 1;
const BOOT_SERVICE_ACCESS = 2;
const RUNTIME_ACCESS = 4;
const APPEND_WRITE = 0x40;
/** Everything else asks for signatures or for hardware errors. */
const KNOWN = NON_VOLATILE | BOOT_SERVICE_ACCESS | RUNTIME_ACCESS | APPEND_WRITE;

/** Bytes for all variables of a kind, and for one. */
const STORAGE = 256 * 1024;
const LARGEST = 32 * 1024;
const GUID_LENGTH = 36;
const ATTRIBUTES_SIZE = 4;

/** Keys are the GUID and behind it the name; values four bytes of attributes and behind them the data. */
type Store = Map<string, Uint8Array>;

export class Variables {
  private readonly system: EfiSystem;
  private readonly nonVolatile: Store;
  private readonly volatile: Store = new Map();

  constructor(system: EfiSystem) {
    this.system = system;
    this.nonVolatile = system.hardware.nonVolatile;
  }

  private visible(value: Uint8Array): boolean {
    const needed = this.system.bootServicesEnded ? RUNTIME_ACCESS : BOOT_SERVICE_ACCESS;
    return ((value[0] as number) & needed) !== 0;
  }

  private find(key: string): Uint8Array | undefined {
    const value = this.nonVolatile.get(key) ?? this.volatile.get(key);
    return value !== undefined && this.visible(value) ? value : undefined;
  }

  private key(call: EfiCall, name: number, guid: number): string {
    return call.guid(call.argument(guid)) + call.text(call.argument(name));
  }

  readonly get = (call: EfiCall): bigint => {
    const value = this.find(this.key(call, 0, 1));
    if (value === undefined) return NOT_FOUND;
    const attributes = call.argument(2);
    if (attributes !== 0n) call.setU32(attributes, value[0] as number);
    const data = value.subarray(ATTRIBUTES_SIZE);
    const sizePointer = call.argument(3);
    const room = call.number(sizePointer);
    call.setU64(sizePointer, data.length);
    if (room < data.length) return BUFFER_TOO_SMALL;
    call.setBytes(call.argument(4), data);
    return SUCCESS;
  };

  readonly next = (call: EfiCall): bigint => {
    const sizePointer = call.argument(0);
    const name = call.text(call.argument(1));
    const keys = [...this.nonVolatile, ...this.volatile]
      .filter(([, value]) => this.visible(value))
      .map(([key]) => key);
    const place = name === '' ? -1 : keys.indexOf(this.key(call, 1, 2));
    if (name !== '' && place < 0) return INVALID_PARAMETER;
    const following = keys[place + 1];
    if (following === undefined) return NOT_FOUND;
    const text = encodeText(following.slice(GUID_LENGTH));
    const room = call.number(sizePointer);
    call.setU64(sizePointer, text.length);
    if (room < text.length) return BUFFER_TOO_SMALL;
    call.setBytes(call.argument(1), text);
    call.setBytes(call.argument(2), encodeGuid(following.slice(0, GUID_LENGTH)));
    return SUCCESS;
  };

  readonly set = (call: EfiCall): bigint => {
    const key = this.key(call, 0, 1);
    const attributes = call.argument32(2);
    const length = call.argumentNumber(3);
    if (length > LARGEST) return OUT_OF_RESOURCES;
    const data = call.bytes(call.argument(4), length);
    if (key.length === GUID_LENGTH) return INVALID_PARAMETER;
    if ((attributes & ~KNOWN) !== 0) return UNSUPPORTED;
    if ((attributes & RUNTIME_ACCESS) !== 0 && (attributes & BOOT_SERVICE_ACCESS) === 0)
      return INVALID_PARAMETER;
    const old = this.find(key);
    const lasting = attributes & ~APPEND_WRITE;
    const appends = (attributes & APPEND_WRITE) !== 0;
    if (old !== undefined && lasting !== 0 && old[0] !== lasting) return INVALID_PARAMETER;
    const store =
      this.nonVolatile.has(key) || (lasting & NON_VOLATILE) !== 0 ? this.nonVolatile : this.volatile;
    if (!appends && (data.length === 0 || (lasting & (BOOT_SERVICE_ACCESS | RUNTIME_ACCESS)) === 0)) {
      if (old === undefined) return NOT_FOUND;
      store.delete(key);
      return SUCCESS;
    }
    const before = appends && old !== undefined ? old.subarray(ATTRIBUTES_SIZE) : new Uint8Array(0);
    const size = before.length + data.length;
    if (size > LARGEST || this.used(store) + size > STORAGE) return OUT_OF_RESOURCES;
    store.set(key, Uint8Array.of(lasting, 0, 0, 0, ...before, ...data));
    return SUCCESS;
  };

  private used(store: Store): number {
    let size = 0;
    for (const [key, value] of store) size += key.length * 2 + value.length;
    return size;
  }

  readonly queryInfo = (call: EfiCall): bigint => {
    const attributes = call.argument32(0);
    if ((attributes & BOOT_SERVICE_ACCESS) === 0) return INVALID_PARAMETER;
    const store = (attributes & NON_VOLATILE) !== 0 ? this.nonVolatile : this.volatile;
    call.setU64(call.argument(1), STORAGE);
    call.setU64(call.argument(2), STORAGE - this.used(store));
    call.setU64(call.argument(3), LARGEST);
    return SUCCESS;
  };
}
