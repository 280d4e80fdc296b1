/**
 * The initramfs as Linux's EFI stub asks for it: a file behind a device path that only names its kind of media.
 * Source: Linux drivers/firmware/efi/libstub, "LINUX_EFI_INITRD_MEDIA_GUID"; UEFI specification 2.10, "Load File 2
 * Protocol" and "Vendor-Defined Media Device Path".
 */
import type { EfiCall } from '../call.ts';
import { DEVICE_PATH, encodeGuid, LINUX_INITRD_MEDIA, LOAD_FILE_2 } from '../guid.ts';
import { PIECE } from '../pausing.ts';
import { BUFFER_TOO_SMALL, INVALID_PARAMETER, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { LongService } from '../stubs.ts';
import type { EfiSystem } from '../system.ts';

const MEDIA_TYPE = 4;
const VENDOR_SUBTYPE = 3;
const VENDOR_NODE_SIZE = 20;
export const END_NODE = [0x7f, 0xff, 4, 0];

export function offerInitrd(system: EfiSystem, initrd: Uint8Array): void {
  const { stubs, bootCode } = system;
  const loadFile = function* (call: EfiCall): ReturnType<LongService> {
    const bootPolicy = (call.argument(2) & 0xffn) !== 0n;
    const sizePointer = call.argument(3);
    const buffer = call.argument(4);
    if (bootPolicy) return UNSUPPORTED;
    if (call.argument(1) === 0n || sizePointer === 0n) return INVALID_PARAMETER;
    const room = call.number(sizePointer);
    call.setU64(sizePointer, initrd.length);
    if (buffer === 0n || room < initrd.length) return BUFFER_TOO_SMALL;
    for (let done = 0; ; yield) {
      const piece = initrd.subarray(done, done + PIECE);
      call.setBytes(buffer + BigInt(done), piece);
      done += piece.length;
      if (done === initrd.length) return SUCCESS;
    }
  };
  const path = Uint8Array.of(
    MEDIA_TYPE,
    VENDOR_SUBTYPE,
    VENDOR_NODE_SIZE,
    0,
    ...encodeGuid(LINUX_INITRD_MEDIA),
    ...END_NODE,
  );
  const handle = system.handles.create();
  system.handles.install(handle, DEVICE_PATH, BigInt(system.placeBootData(path)));
  const protocol = system.placePointers([stubs.addLong(bootCode, loadFile)]);
  system.handles.install(handle, LOAD_FILE_2, BigInt(protocol));
}
