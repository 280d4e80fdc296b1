/** What applications work on: the same each time. */

const WORDS = 400;
const LETTERS = 'etaoinshrdlucmfwypvbgkjqxz';

/** Numbers below a bound. Source: Lehmer's generator as in C++'s std::minstd_rand. */
function numbers(): (bound: number) => number {
  let state = 1;
  return (bound) => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state % bound;
  };
}

function vocabulary(next: (bound: number) => number): string[] {
  const letter = () => LETTERS[Math.min(next(LETTERS.length), next(LETTERS.length))];
  return Array.from({ length: WORDS }, () => Array.from({ length: 2 + next(8) }, letter).join(''));
}

/** Lines of words, of which some are commoner than others, as in a language. */
export function makeLines(count: number): string {
  const next = numbers();
  const words = vocabulary(next);
  const word = () => words[Math.min(next(WORDS), next(WORDS))];
  return Array.from({ length: count }, () => `${Array.from({ length: 4 + next(8) }, word).join(' ')}\n`).join(
    '',
  );
}

/** Records as JSON. */
export function makePeople(count: number): string {
  const next = numbers();
  const words = vocabulary(next);
  const people = Array.from({ length: count }, (_, id) => ({
    id,
    name: `${words[next(WORDS)]} ${words[next(WORDS)]}`,
    balance: next(1_000_000) / 100,
    tags: Array.from({ length: next(4) }, () => words[next(WORDS)]),
    address: { street: words[next(WORDS)], number: next(300), isHome: next(2) === 1 },
  }));
  return JSON.stringify(people);
}
