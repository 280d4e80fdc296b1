/**
 * Something the user gave cannot be used: a file, a size, a command line. The message is one clear
 * line without the file's name; whoever knows the name puts it in front.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
}
