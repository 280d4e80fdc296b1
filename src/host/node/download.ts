/** Gets files from the network. */
import { InputError } from '../../boot/input-error.ts';

/** @throws InputError when there is no answer, or another than the file. */
export async function download(url: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    const cause = (error as Error).cause;
    throw new InputError(
      `cannot get ${url}: ${cause instanceof Error ? cause.message : (error as Error).message}`,
    );
  }
  if (!response.ok) throw new InputError(`cannot get ${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
