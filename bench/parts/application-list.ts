/** Programs of Debian packages that a guest runs, and with what. */

export interface Application {
  /** The host's program, in the folder of Debian's packages. */
  readonly program: string;
  /**
   * For the guest's shell, in a folder with the files of bench/applications/, `words`, `people.json` and `key`. Without its path a
   * program may be busybox's own.
   */
  readonly command: string;
}

export const APPLICATIONS: Readonly<Record<string, Application>> = {
  'python start': { program: 'python3', command: repeated(8, '/usr/bin/python3 -S -c "print(1)"') },
  'python modules': { program: 'python3', command: '/usr/bin/python3 -S modules.py' },
  'python json': { program: 'python3', command: '/usr/bin/python3 -S coding.py' },
  'python compile': { program: 'python3', command: '/usr/bin/python3 -S compiling.py' },
  'python objects': { program: 'python3', command: '/usr/bin/python3 -S objects.py' },
  perl: { program: 'perl', command: '/usr/bin/perl text.pl' },
  sqlite: { program: 'sqlite3', command: '/usr/bin/sqlite3 :memory: <queries.sql' },
  jq: {
    program: 'jq',
    command: `/usr/bin/jq -c 'map({id, name: (.name | ascii_upcase)}) | group_by(.id % 7) | map(length)' people.json`,
  },
  mawk: { program: 'mawk', command: '/usr/bin/mawk -f totals.awk' },
  sort: { program: 'sort', command: 'LC_ALL=C /usr/bin/sort -r words; LC_ALL=C /usr/bin/sort -k 2 words' },
  gzip: { program: 'gzip', command: '/usr/bin/gzip -9nc <words' },
  bzip2: { program: 'bzip2', command: '/usr/bin/bzip2 -c <words' },
  xz: { program: 'xz', command: '/usr/bin/xz -1 -T 1 -c <words' },
  zstd: { program: 'zstd', command: '/usr/bin/zstd -q -9 --single-thread -c <words' },
  'openssl digest': { program: 'openssl', command: repeated(12, '/usr/bin/openssl dgst -sha512 -r words') },
  'openssl sign': {
    program: 'openssl',
    command: repeated(6, '/usr/bin/openssl dgst -sha256 -sign key -out signature words && md5sum signature'),
  },
};

/** A command of the shell, so many times. */
function repeated(times: number, command: string): string {
  return `i=0; while [ $i -lt ${times} ]; do ${command}; i=$((i+1)); done`;
}
