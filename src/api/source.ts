/** Kernels and initramfs images in every form they are given in. */
import { InputError } from '../boot/input-error.ts';
import { type Bytes, bytesOf } from '../machine/options.ts';
import type { Platform } from './platform.ts';

/**
 * Bytes, a Blob or File, a stream, or where to read: a URL, or a text, which is a path in Node and a URL relative to
 * the page in a browser.
 */
export type Source = Bytes | Blob | ReadableStream<Uint8Array> | URL | string;

/** @param loaded bytes so far. @param total bytes in all, where it is known. */
export type LoadProgress = (loaded: number, total: number | undefined) => void;

/**
 * Reads all of a source. @param name what it is called in errors. The caller owns the bytes that come back: they can be given away.
 * @throws InputError for a source that cannot be read; the signal's reason when it is aborted.
 */
export async function readSource(
  name: string,
  source: Source,
  platform: Platform,
  progress: LoadProgress,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  if (source instanceof Blob) return await readStream(source.stream(), source.size, progress, signal);
  if (source instanceof ReadableStream) return await readStream(source, undefined, progress, signal);
  if (typeof source === 'string' || source instanceof URL) {
    try {
      const { body, size } = await platform.open(source, signal);
      return await readStream(body, size, progress, signal);
    } catch (error) {
      signal?.throwIfAborted();
      // No such file, or the connection broke.
      throw new InputError(`${name}: cannot read ${source}: ${(error as Error).message}`);
    }
  }
  // A copy.
  const bytes = new Uint8Array(bytesOf(name, source));
  progress(bytes.length, bytes.length);
  return bytes;
}

async function readStream(
  stream: ReadableStream<Uint8Array>,
  size: number | undefined,
  progress: LoadProgress,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const abort = (): void => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', abort);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  progress(0, size);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      chunks.push(value);
      loaded += value.length;
      progress(loaded, size);
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    reader.releaseLock();
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
