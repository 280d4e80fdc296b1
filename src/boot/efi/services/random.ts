/** UEFI specification 2.10, "Random Number Generator Protocol": raw bytes only. */
import type { EfiCall } from '../call.ts';
import { encodeGuid, RANDOM_NUMBERS } from '../guid.ts';
import { BUFFER_TOO_SMALL, INVALID_PARAMETER, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { EfiSystem } from '../system.ts';

const RAW = 'e43176d7-b6e8-4827-b784-7ffdc4b68561';

export function offerRandomNumbers(system: EfiSystem): void {
  const getInfo = (call: EfiCall): bigint => {
    const sizePointer = call.argument(1);
    const guid = encodeGuid(RAW);
    const room = call.number(sizePointer);
    call.setU64(sizePointer, guid.length);
    if (room < guid.length) return BUFFER_TOO_SMALL;
    call.setBytes(call.argument(2), guid);
    return SUCCESS;
  };
  const getRng = (call: EfiCall): bigint => {
    const algorithm = call.argument(1);
    const length = call.argumentLength(2);
    if (length === 0) return INVALID_PARAMETER;
    if (algorithm !== 0n && call.guid(algorithm) !== RAW) return UNSUPPORTED;
    const bytes = Uint8Array.from({ length }, () => system.hardware.random() & 0xff);
    call.setBytes(call.argument(3), bytes);
    return SUCCESS;
  };
  const { stubs, bootCode } = system;
  const protocol = system.placePointers([stubs.add(bootCode, getInfo), stubs.add(bootCode, getRng)]);
  system.handles.install(system.handles.create(), RANDOM_NUMBERS, BigInt(protocol));
}
