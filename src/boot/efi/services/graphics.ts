/**
 * Graphics for applications that insist on a screen: one mode, whose frame buffer is ordinary memory of the guest that
 * nobody looks at.
 * Source: UEFI specification 2.10, "Graphics Output Protocol".
 */
import { ByteWriter } from '../../byte-writer.ts';
import { HIGH_RAM, PAGE_SIZE } from '../../memory-map.ts';
import type { EfiCall } from '../call.ts';
import { GRAPHICS_OUTPUT } from '../guid.ts';
import { MemoryType } from '../pages.ts';
import { INVALID_PARAMETER, OUT_OF_RESOURCES, SUCCESS, UNSUPPORTED } from '../status.ts';
import type { EfiSystem } from '../system.ts';
import type { MemoryServices } from './memory.ts';

const WIDTH = 640;
const HEIGHT = 480;
/** Blue, green, red, reserved. */
const PIXEL = 4;
const PIXEL_BLUE_GREEN_RED = 1;
const ROW = WIDTH * PIXEL;
const SIZE = ROW * HEIGHT;

/** EFI_GRAPHICS_OUTPUT_MODE_INFORMATION */
const INFORMATION = new ByteWriter()
  .u32(0) // version
  .u32(WIDTH)
  .u32(HEIGHT)
  .u32(PIXEL_BLUE_GREEN_RED)
  .zeros(16) // masks, for another format
  .u32(WIDTH) // pixels in a row
  .toBytes();

/** Operations of Blt. */
const FILL_VIDEO = 0;
const VIDEO_TO_BUFFER = 1;
const BUFFER_TO_VIDEO = 2;
const VIDEO_TO_VIDEO = 3;

/** Offers it if there is room for the frame buffer. @param device where the console is, too. */
export function offerGraphics(system: EfiSystem, pool: MemoryServices, device: bigint): void {
  const { memory, stubs, bootCode } = system;
  const base = system.pages.allocate(MemoryType.reserved, SIZE / PAGE_SIZE, HIGH_RAM);
  if (base === undefined) return;
  const row = (x: number, y: number): number => base + y * ROW + x * PIXEL;

  const queryMode = (call: EfiCall): bigint => {
    const [size, result] = [call.argument(2), call.argument(3)];
    if (call.argument32(1) !== 0 || size === 0n || result === 0n) return INVALID_PARAMETER;
    const address = pool.takePool(MemoryType.bootServicesData, INFORMATION.length);
    if (address === undefined) return OUT_OF_RESOURCES;
    memory.write(address, INFORMATION);
    call.setU64(size, INFORMATION.length);
    call.setU64(result, address);
    return SUCCESS;
  };
  const setMode = (call: EfiCall): bigint => {
    if (call.argument32(1) !== 0) return UNSUPPORTED;
    memory.write(base, new Uint8Array(SIZE));
    return SUCCESS;
  };
  const blt = (call: EfiCall): bigint => {
    const buffer = call.argument(1);
    const operation = call.argument32(2);
    const [sourceX, sourceY, x, y, width, height, delta] = [3, 4, 5, 6, 7, 8, 9].map((index) =>
      call.argumentNumber(index),
    ) as [number, number, number, number, number, number, number];
    const isInside = (left: number, top: number): boolean => left + width <= WIDTH && top + height <= HEIGHT;
    const toBuffer = operation === VIDEO_TO_BUFFER;
    const fromVideo = toBuffer || operation === VIDEO_TO_VIDEO;
    if (operation > VIDEO_TO_VIDEO || width === 0 || height === 0) return INVALID_PARAMETER;
    if (!toBuffer && !isInside(x, y)) return INVALID_PARAMETER;
    if (fromVideo && !isInside(sourceX, sourceY)) return INVALID_PARAMETER;
    const length = width * PIXEL;
    const inBuffer = (left: number, line: number): bigint =>
      buffer + BigInt(line * (delta === 0 ? length : delta) + left * PIXEL);
    if (operation === FILL_VIDEO) {
      const pixel = call.bytes(buffer, PIXEL);
      const line = Uint8Array.from({ length }, (_, at) => pixel[at % PIXEL] as number);
      for (let index = 0; index < height; index++) memory.write(row(x, y + index), line);
    } else if (operation === BUFFER_TO_VIDEO) {
      for (let index = 0; index < height; index++)
        memory.write(row(x, y + index), call.bytes(inBuffer(sourceX, sourceY + index), length));
    } else {
      const lines = Array.from({ length: height }, (_, index) =>
        memory.read(row(sourceX, sourceY + index), length),
      );
      lines.forEach((line, index) => {
        if (toBuffer) call.setBytes(inBuffer(x, y + index), line);
        else memory.write(row(x, y + index), line);
      });
    }
    return SUCCESS;
  };
  const mode = new ByteWriter()
    .u32(1) // how many modes
    .u32(0) // which one it is
    .u64(BigInt(system.placeBootData(INFORMATION)))
    .u64(BigInt(INFORMATION.length))
    .u64(BigInt(base))
    .u64(BigInt(SIZE))
    .toBytes();
  const protocol = system.placePointers([
    ...[queryMode, setMode, blt].map((service) => stubs.add(bootCode, service)),
    system.placeBootData(mode),
  ]);
  system.handles.install(device, GRAPHICS_OUTPUT, BigInt(protocol));
}
