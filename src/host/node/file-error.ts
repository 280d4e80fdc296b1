/** Errors of the file system in words. */

/** By the code of the error. */
export const REASONS = {
  EACCES: 'permission denied',
  EEXIST: 'there is a file of that name',
  EISDIR: 'this is a folder',
  ENOENT: 'there is no such file',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of the path is not a folder',
  EROFS: 'the file system is read-only',
} as const;

/** Why a file or folder cannot be used. */
export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (REASONS as Readonly<Record<string, string>>)[code ?? ''] ?? message;
}
