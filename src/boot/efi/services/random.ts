/** UEFI specification 2.10, "Random Number Generator Protocol": raw bytes only. */
import type { EfiCall } from '../call.ts';
import { encodeGuid, RANDOM_NUMBERS } from '../guid.ts';
import { BUFFER_TOO_SMALL, INVALID_PARAMETER, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { LongService } from '../stubs.ts';
import type { EfiSystem } from '../system.ts';

/** Bytes that are made at once. */
const RANDOM_PIECE = 0x1_0000;

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
  const { stubs, bootCode } = system;
  const getRng = function* (call: EfiCall): ReturnType<LongService> {
    const algorithm = call.argument(1);
    const length = call.argumentNumber(2);
    const target = call.argument(3);
    if (length === 0) return INVALID_PARAMETER;
    if (algorithm !== 0n && call.guid(algorithm) !== RAW) return UNSUPPORTED;
    for (let done = 0; ; yield) {
      const count = Math.min(RANDOM_PIECE, length - done);
      const bytes = Uint8Array.from({ length: count }, () => system.hardware.random() & 0xff);
      call.setBytes(target + BigInt(done), bytes);
      done += count;
      if (done === length) return SUCCESS;
    }
  };
  const protocol = system.placePointers([stubs.add(bootCode, getInfo), stubs.addLong(bootCode, getRng)]);
  system.handles.install(system.handles.create(), RANDOM_NUMBERS, BigInt(protocol));
}
