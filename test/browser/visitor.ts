/** Who visits the page: what is seen and done there. */
import type { Page } from 'puppeteer-core';

/** Milliseconds a boot may take on a busy machine. */
export const TIMEOUT = 120_000;

/** The terminal's text, as it is for screen readers, without spaces at the ends of lines. */
const SCREEN = `[...document.querySelectorAll('.xterm-accessibility-tree > div')]
  .map((line) => line.textContent.trimEnd()).join('\\n')`;

export class Visitor {
  readonly page: Page;
  readonly errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(String(error)));
  }

  async readAloud(): Promise<void> {
    await this.page.waitForSelector('.xterm');
    await this.page.click('#open-drawer');
    await this.page.click('input[name=reader]');
    await this.page.keyboard.press('Escape');
  }

  /** Waits for a text in the terminal. */
  async sees(text: string): Promise<void> {
    await this.page
      .waitForFunction(`${SCREEN}.includes(${JSON.stringify(text)})`, { timeout: TIMEOUT / 2, polling: 50 })
      .catch(async (error) => {
        throw new Error(`${error}; the terminal shows:\n${await this.screen()}`);
      });
  }

  screen(): Promise<string> {
    return this.page.evaluate(SCREEN) as Promise<string>;
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  async state(state: string): Promise<void> {
    await this.page.waitForSelector(`#state[data-state=${state}]`, { timeout: TIMEOUT });
  }

  text(selector: string): Promise<string> {
    return this.page.$eval(selector, (element) => element.textContent ?? '');
  }

  /** Waits for the message the page tells in a sentence. */
  async message(): Promise<string> {
    await this.page.waitForSelector('#message:not([hidden])', { timeout: TIMEOUT });
    return await this.text('#message-text');
  }

  /** Drops a file on the page. */
  async drop(name: string, content: string): Promise<void> {
    await this.page.evaluate(`{
      // Firefox gives files to real drops only.
      const dataTransfer = { types: ['Files'], files: [new File([${JSON.stringify(content)}], '${name}')] };
      dispatchEvent(Object.assign(new Event('drop', { cancelable: true }), { dataTransfer }));
    }`);
  }

  async paste(text: string): Promise<void> {
    // Firefox has no data in events that scripts make.
    await this.page.evaluate(`{
      const clipboardData = { getData: () => ${JSON.stringify(text)} };
      const paste = new Event('paste', { bubbles: true, cancelable: true });
      document.querySelector('.xterm-helper-textarea').dispatchEvent(Object.assign(paste, { clipboardData }));
    }`);
  }
}
