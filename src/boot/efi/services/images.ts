/** UEFI specification 2.10, "Image Services": applications from memory, entered one from another. */
import { InputError } from '../../input-error.ts';
import { HIGH_RAM, PAGE_SIZE } from '../../memory-map.ts';
import type { EfiCall } from '../call.ts';
import { LOADED_IMAGE, LOADED_IMAGE_DEVICE_PATH } from '../guid.ts';
import { readDevicePath } from '../handles.ts';
import { OutOfMemory } from '../out-of-memory.ts';
import { MemoryType } from '../pages.ts';
import { PIECE } from '../pausing.ts';
import { parsePe, writeImage } from '../pe.ts';
import {
  ALREADY_STARTED,
  INVALID_PARAMETER,
  LOAD_ERROR,
  NOT_FOUND,
  OUT_OF_RESOURCES,
  SUCCESS,
  UNSUPPORTED,
} from '../status.ts';
import type { LongService } from '../stubs.ts';
import type { EfiSystem } from '../system.ts';

/** EFI_LOADED_IMAGE_PROTOCOL */
const LOADED_IMAGE_SIZE = 96;
const LOADED_IMAGE_REVISION = 0x1000;
const LOADED_IMAGE_UNLOAD = 88;
/** Applications may expect large pages' alignment of themselves. */
const IMAGE_ALIGNMENT = 2 * 1024 * 1024;
/** Bytes of an image that the guest has loaded, as a file and in memory: the host has a copy of it meanwhile. */
const LARGEST = 256 * 1024 * 1024;

export interface LoadedImage {
  readonly handle: bigint;
  /** Guest-physical address. */
  readonly entry: number;
  readonly base: number;
  readonly pageCount: number;
  /** Address of its EFI_LOADED_IMAGE_PROTOCOL. */
  readonly protocol: number;
  /** Address of where it comes from; 0 if nobody said. */
  readonly devicePath: number;
  started: boolean;
}

/** Addresses of device paths: of the file on its device, and of both together. */
export interface ImageSource {
  readonly filePath: number;
  readonly devicePath: number;
}

export class ImageServices {
  private readonly system: EfiSystem;
  private readonly images = new Map<bigint, LoadedImage>();
  private readonly deviceHandle: bigint;
  /** Those that StartImage runs, each within the one before. */
  private readonly running: LoadedImage[] = [];
  /** Address of the system table. */
  systemTable = 0;

  /** @param deviceHandle where images come from. */
  constructor(system: EfiSystem, deviceHandle: bigint) {
    this.system = system;
    this.deviceHandle = deviceHandle;
  }

  /**
   * Puts an application into memory and makes its handle, with pauses in the work.
   * @param options what it finds as its load options. @param source addresses of the device paths it finds, or 0.
   * @throws InputError for a file that is none; OutOfMemory.
   */
  *load(
    file: Uint8Array,
    options: Uint8Array,
    parent: bigint,
    source: ImageSource,
  ): Generator<void, LoadedImage> {
    const { filePath, devicePath } = source;
    const { memory, pages, handles } = this.system;
    const image = parsePe(file);
    const pageCount = Math.ceil(image.size / PAGE_SIZE);
    const base = pages.allocate(MemoryType.loaderCode, pageCount, HIGH_RAM, IMAGE_ALIGNMENT);
    if (base === undefined) throw new OutOfMemory();
    let isPlaced = false;
    try {
      yield* writeImage(memory, image, base);
      isPlaced = true;
    } finally {
      if (!isPlaced) pages.free(base, pageCount);
    }
    const optionsAddress = options.length === 0 ? 0 : this.system.placeBootData(options);
    const protocol = new Uint8Array(LOADED_IMAGE_SIZE);
    const view = new DataView(protocol.buffer);
    const pointer = (offset: number, value: bigint | number): void =>
      view.setBigUint64(offset, BigInt(value), true);
    view.setUint32(0, LOADED_IMAGE_REVISION, true);
    pointer(8, parent);
    pointer(16, this.systemTable);
    pointer(24, this.deviceHandle);
    pointer(32, filePath);
    view.setUint32(48, options.length, true);
    pointer(56, optionsAddress);
    pointer(64, base);
    pointer(72, image.size);
    view.setUint32(80, MemoryType.loaderCode, true);
    view.setUint32(84, MemoryType.loaderData, true);
    const handle = handles.create();
    const loaded: LoadedImage = {
      handle,
      entry: base + image.entry,
      base,
      pageCount,
      protocol: this.system.placeBootData(protocol),
      devicePath,
      started: false,
    };
    handles.install(handle, LOADED_IMAGE, BigInt(loaded.protocol));
    handles.install(handle, LOADED_IMAGE_DEVICE_PATH, BigInt(devicePath));
    this.images.set(handle, loaded);
    return loaded;
  }

  /** What the guest says where an image comes from; the whole of it counts as the file's path, too. */
  private copyPath(call: EfiCall, path: bigint): ImageSource {
    const bytes =
      path === 0n ? undefined : readDevicePath(path, (address, length) => call.bytes(address, length));
    const address = bytes === undefined ? 0 : this.system.placeBootData(bytes);
    return { filePath: address, devicePath: address };
  }

  *loadImage(call: EfiCall): ReturnType<LongService> {
    const parent = call.argument(1);
    const path = call.argument(2);
    const source = call.argument(3);
    const size = call.argumentNumber(4);
    const result = call.argument(5);
    if (source === 0n) return NOT_FOUND;
    if (size > LARGEST) return OUT_OF_RESOURCES;
    const file = new Uint8Array(size);
    for (let done = 0; done < size; done += PIECE) {
      file.set(call.bytes(source + BigInt(done), Math.min(PIECE, size - done)), done);
      yield;
    }
    try {
      const image = yield* this.load(file, new Uint8Array(0), parent, this.copyPath(call, path));
      call.setU64(result, image.handle);
      return SUCCESS;
    } catch (error) {
      if (error instanceof InputError) return LOAD_ERROR;
      throw error;
    }
  }

  readonly startImage = (call: EfiCall): bigint | undefined => {
    const image = this.images.get(call.argument(0));
    if (image === undefined) return INVALID_PARAMETER;
    if (image.started) return ALREADY_STARTED;
    image.started = true;
    this.running.push(image);
    call.setU64IfWanted(call.argument(1), 0);
    return this.system.calls.enter(
      call,
      BigInt(image.entry),
      image.handle,
      BigInt(this.systemTable),
      (_call, result) => {
        this.running.pop();
        this.remove(image);
        return result;
      },
    );
  };

  /** Ends the innermost running image; undefined with `isFirst` for the one the machine started with. */
  exit(call: EfiCall): { isFirst: boolean; status: bigint | undefined } {
    const status = call.argument(1);
    if (this.running.at(-1)?.handle !== call.argument(0)) {
      return { isFirst: this.running.length === 0, status };
    }
    return { isFirst: false, status: this.system.calls.leave(call, status) };
  }

  readonly unloadImage = (call: EfiCall): bigint | undefined => {
    const image = this.images.get(call.argument(0));
    if (image === undefined) return INVALID_PARAMETER;
    if (!image.started) {
      this.remove(image);
      return SUCCESS;
    }
    const unload = call.u64(BigInt(image.protocol + LOADED_IMAGE_UNLOAD));
    if (unload === 0n) return UNSUPPORTED;
    return this.system.calls.enter(call, unload, image.handle, 0n, (_call, result) => {
      if (result === SUCCESS) this.remove(image);
      return result;
    });
  };

  private remove(image: LoadedImage): void {
    const { handles, pages } = this.system;
    handles.uninstall(image.handle, LOADED_IMAGE, BigInt(image.protocol));
    handles.uninstall(image.handle, LOADED_IMAGE_DEVICE_PATH, BigInt(image.devicePath));
    pages.free(image.base, image.pageCount);
    this.images.delete(image.handle);
  }
}
