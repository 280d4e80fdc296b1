/** Models of the processor, `--cpu` and the library's option `cpu`: a level of x86-64, and features added or taken away. */
import { InputError } from '../boot/input-error.ts';
import { FEATURES, type Feature, type FeatureLevel } from '../layout/features.ts';

interface Model {
  readonly name: string;
  readonly description: string;
  readonly levels: readonly FeatureLevel[];
}

export const CPU_MODELS: readonly Model[] = [
  { name: 'x86-64-v1', description: 'what every x86-64 processor has', levels: ['base'] },
  { name: 'x86-64-v2', description: 'and SSE4.2, POPCNT, CMPXCHG16B', levels: ['base', 2] },
  { name: 'x86-64-v3', description: 'and AVX2, FMA, F16C, BMI1, BMI2, LZCNT, MOVBE', levels: ['base', 2, 3] },
  { name: 'max', description: 'every feature there is', levels: ['base', 2, 3, 'more'] },
];

/** 5-level paging makes each page walk longer and gives a guest of this size nothing. */
export const DEFAULT_CPU = 'max,-la57';

/** QEMU writes sse4.1 and tsc-deadline, /proc/cpuinfo sse4_1 and tsc_deadline_timer. */
function normalized(name: string): string {
  return name.toLowerCase().replace(/[.-]/g, '_');
}

const BY_NAME: ReadonlyMap<string, Feature> = new Map(
  FEATURES.flatMap((feature) =>
    [feature.name, ...feature.aliases].map((name): [string, Feature] => [normalized(name), feature]),
  ),
);

/** Insertions, deletions and replacements that make one text the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let k = 1; k <= b.length; k++) {
      const replaced = (row[k - 1] as number) + (a[i - 1] === b[k - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[k] as number) + 1, (next[k - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

function unknown(what: string, name: string, known: readonly string[]): never {
  const byDistance = [...known].sort((a, b) => distance(a, name) - distance(b, name));
  throw new InputError(`${JSON.stringify(name)} is no ${what}; the nearest is ${byDistance[0]}`);
}

function findFeature(name: string): Feature {
  return BY_NAME.get(normalized(name)) ?? unknown('feature', name, [...BY_NAME.keys()]);
}

function withNeeds(feature: Feature): Feature[] {
  return [feature, ...feature.needs.flatMap((name) => withNeeds(findFeature(name)))];
}

function withDependents(feature: Feature): Feature[] {
  const dependents = FEATURES.filter(({ needs }) => needs.includes(feature.name));
  return [feature, ...dependents.flatMap(withDependents)];
}

/**
 * The names of the features that a processor is without, of `model[,+feature|,-feature...]`. What is added comes with
 * what it needs, what is taken away with what needs it, after all additions, as in QEMU.
 * @throws InputError that names what is wrong, to be put behind the option's name.
 */
export function withheldFeatures(text: string): ReadonlySet<string> {
  const [name = '', ...changes] = text.split(',').map((part) => part.trim());
  const model =
    CPU_MODELS.find((candidate) => candidate.name === name) ??
    unknown(
      'processor model',
      name,
      CPU_MODELS.map((candidate) => candidate.name),
    );
  const chosen = new Set(FEATURES.filter(({ level }) => model.levels.includes(level)));
  const named = (sign: string): Feature[] =>
    changes.filter((change) => change.startsWith(sign)).map((change) => findFeature(change.slice(1)));
  for (const change of changes) {
    if (!/^[+-]./.test(change))
      throw new InputError(`${JSON.stringify(change)}: a feature has + or - before its name`);
  }
  for (const feature of named('+').flatMap(withNeeds)) chosen.add(feature);
  for (const feature of named('-')) {
    if (feature.level === 'base') throw new InputError(`every processor here has ${feature.name}`);
    for (const gone of withDependents(feature)) chosen.delete(gone);
  }
  return new Set(FEATURES.filter((feature) => !chosen.has(feature)).map((feature) => feature.name));
}

/** What `--cpu help` shows: models, and the features with what they are part of. */
export function describeCpus(): string {
  const models = CPU_MODELS.map(({ name, description }) => `  ${name.padEnd(11)} ${description}`);
  const lists = CPU_MODELS.flatMap(({ name, levels }) => {
    const level = levels.at(-1);
    const own = FEATURES.filter((feature) => feature.level === level).map(({ name, aliases }) =>
      aliases.length > 0 ? `${name} (${aliases.join(', ')})` : name,
    );
    return [`  ${name}${level === 'base' ? '' : ' adds'}:`, ...wrapped(own.sort(), 4, 100)];
  });
  const asked = FEATURES.filter(({ level }) => level === 'asked').map(({ name }) => name);
  return [
    'Models:',
    ...models,
    `  The default is ${DEFAULT_CPU}.`,
    '',
    'Features, to be added with + and taken away with -, but for those of x86-64-v1:',
    ...lists,
    '  no model has:',
    ...wrapped(asked.sort(), 4, 100),
    '',
  ].join('\n');
}

/** Words in lines of at most `width` characters, behind `indent` spaces. */
function wrapped(words: readonly string[], indent: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(' '.repeat(indent) + line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, ' '.repeat(indent) + line];
}
