/**
 * Whether the page can be used as it looks: a check of layout and colours instead of stored pictures, which differ
 * with the fonts and the browser of each machine. screenshots.ts makes pictures to be looked at.
 */
import type { Page } from 'puppeteer-core';

/** Contrast of text, from WCAG 2.2, "Contrast (Minimum)". */
const CONTRAST = 4.5;

/** Evaluated in the page: sentences about what is wrong with it. */
const PROBLEMS = `(() => {
  const problems = [];
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const name = (element) => element.tagName.toLowerCase() + (element.id && '#' + element.id) + ' "' + element.textContent.slice(0, 20) + '"';
  const shown = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  if (document.documentElement.scrollWidth > innerWidth) problems.push('wider than the window');
  for (const element of document.querySelectorAll('h1, h2, p, button, label, dt, dd, legend, #state, .key > span, .u-legend th')) {
    if (!shown(element) || element.textContent.trim() === '' || element.disabled) continue;
    const { left, right, width, height } = element.getBoundingClientRect();
    if (width === 0 || height === 0) continue;
    if (left < 0 || right > innerWidth + 1) problems.push(name(element) + ' is outside');
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && getComputedStyle(element).overflow !== 'visible') problems.push(name(element) + ' is cut off');
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < ${CONTRAST}) problems.push(name(element) + ' is hard to read');
  }
  const terminal = document.querySelector('#terminal').getBoundingClientRect();
  if (terminal.width < innerWidth / 2 || terminal.height < 150) problems.push('the terminal is too small');
  return { problems, isLight: luminance(ground(document.body)) > 0.5, key: getComputedStyle(document.querySelector('.u-legend th')).color };
})()`;

const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
] as const;

/** What is wrong with how the page looks now, in light and dark colours, in a wide window and on a phone. */
export async function problemsOf(page: Page): Promise<string[]> {
  const problems: string[] = [];
  for (const { width, height } of SIZES) {
    await page.setViewport({ width, height });
    const keys = new Set<string>();
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      const seen = (await page.evaluate(PROBLEMS)) as { problems: string[]; isLight: boolean; key: string };
      keys.add(seen.key);
      if (seen.isLight !== (scheme === 'light')) seen.problems.push('the wrong colours');
      problems.push(...seen.problems.map((problem) => `${width} wide, ${scheme}: ${problem}`));
    }
    if (keys.size < 2) problems.push(`${width} wide: the chart's key keeps its colours`);
  }
  return problems;
}
