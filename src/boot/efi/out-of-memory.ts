/** The firmware itself found no room for what it needs. */
export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';
}
