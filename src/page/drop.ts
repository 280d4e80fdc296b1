/** Files dropped on the page. */

/** First bytes of archives that a kernel unpacks as its initramfs: cpio, gzip, xz, zstd, bzip2, LZ4, LZMA, LZO. */
const ARCHIVES = [
  '303730373031',
  '303730373032',
  '1f8b',
  'fd377a585a00',
  '28b52ffd',
  '425a68',
  '02214c18',
  '5d0000',
  '894c5a4f',
];

/** Whether a file is an archive rather than something to boot. */
export async function isArchive(file: Blob): Promise<boolean> {
  const start = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  const text = [...start].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return ARCHIVES.some((magic) => text.startsWith(magic));
}

/** @param onDrop told of the files dropped anywhere on the page. */
export function acceptDrops(onDrop: (files: readonly File[]) => void): void {
  const show = (on: boolean): void => void document.body.classList.toggle('dropping', on);
  addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    show(true);
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) show(false);
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    show(false);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) onDrop(files);
  });
}
