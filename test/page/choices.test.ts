import { describe, expect, it } from 'vitest';
import { type Choices, DEFAULT_CHOICES, fromQuery, toQuery } from '../../src/page/choices.ts';

const CHOSEN: Choices = {
  kernel: 'https://host.example/a kernel?x=1&y',
  initrd: 'initrd.img',
  append: 'console=ttyS0 a="b c" +d',
  memory: 1024,
  clock: 'instructions',
  tier: 'interpreter',
};

describe('the link that carries the choices', () => {
  it('brings them back', () => {
    expect(fromQuery(toQuery(CHOSEN))).toEqual(CHOSEN);
  });

  it('says nothing of what is as by default', () => {
    expect(toQuery(DEFAULT_CHOICES)).toBe('');
    expect(toQuery({ ...DEFAULT_CHOICES, tier: 'compiled' })).toBe('?tier=compiled');
  });

  it.each(['', '?memory=-1&clock=sun&tier=fast', '?memory=1e999', '?memory=x'])(
    'takes %j for the defaults',
    (query) => {
      expect(fromQuery(query)).toEqual(DEFAULT_CHOICES);
    },
  );
});
