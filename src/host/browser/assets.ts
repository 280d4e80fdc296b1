/** The files of the package that a page fetches itself. */

export interface Assets {
  /** The machine: a module for a worker, or to import. */
  readonly machine: string;
  /** The compiler: the same. */
  readonly compiler: string;
  readonly runtime: string;
  readonly binaryen: string;
}
