/** Opens what fetch() can read. */
import type { OpenFile } from '../api/platform.ts';

/** @throws Error when the server cannot be reached or has no such thing; the signal's reason. */
export async function openUrl(url: URL, signal: AbortSignal | undefined): Promise<OpenFile> {
  const response = await fetch(url, { signal: signal ?? null });
  if (!response.ok || response.body === null) {
    throw new Error(`${response.status} ${response.statusText}`.trimEnd());
  }
  // The length is that of what travels: of no use where it is compressed.
  const length =
    response.headers.get('content-encoding') === null ? response.headers.get('content-length') : null;
  return { body: response.body, size: length === null ? undefined : Number(length) };
}
