import { expect } from '@playwright/test';
import type { HostServer } from '../support/hosts.ts';
import { type Browser, type Element, Key } from './webdriver.ts';

/** What a test expects to see in the end: any part of what is shown. */
type Expected<Seen> = { [Name in keyof Seen]?: unknown };

/** A tab with a page of the business's site, and the widget on it. */
export class Tab {
  readonly panel: Panel = new Panel(this);

  private constructor(
    readonly browser: Browser,
    private readonly window: string,
    private readonly hosts: HostServer,
  ) {}

  /** The tab that a browser begins with. */
  static async first(browser: Browser, hosts: HostServer): Promise<Tab> {
    return new Tab(browser, await browser.window(), hosts);
  }

  /** One more, of the same visitor. */
  async another(): Promise<Tab> {
    return new Tab(this.browser, await this.browser.newWindow(), this.hosts);
  }

  async close(): Promise<void> {
    await this.enter();
    await this.browser.closeWindow();
  }

  /** Goes to a page of `hosts/`, and waits for the launcher. */
  async goto(name = 'plain'): Promise<void> {
    await this.enter();
    await this.browser.goto(`${this.hosts.origin}/${name}`);
    await this.expect({ launcher: expect.anything() });
  }

  async reload(): Promise<void> {
    await this.enter();
    await this.browser.reload();
  }

  /** Opens the panel as with a mouse: it comes near, which loads the panel, and clicks. Waits until one can type. */
  async open(): Promise<void> {
    await this.enter();
    const launcher = await this.launcher();
    await this.browser.hover(launcher);
    await this.expect({ isReady: true });
    await this.browser.click(launcher);
    await this.panel.expect({ hasFocus: true });
  }

  async launcher(): Promise<Element> {
    return this.run(() => document.querySelector('porchlight-chat')!.shadowRoot!.querySelector('button') as never);
  }

  async frame(): Promise<Element> {
    return this.run(() => document.querySelector('porchlight-chat')!.shadowRoot!.querySelector('iframe') as never);
  }

  /** Runs a function in the page. */
  async run<R, A extends unknown[]>(script: (...values: A) => R, ...values: A): Promise<Awaited<R>> {
    await this.enter();
    return this.browser.run(script, ...values);
  }

  /** Presses keys while the focus is in the page. */
  async press(keys: string, held?: string): Promise<void> {
    await this.enter();
    await this.browser.press(keys, held);
  }

  /** Goes to the page, out of its frames. */
  async enter(): Promise<void> {
    await this.browser.switchTo(this.window);
  }

  /** Waits until this is so of the widget in the page. */
  async expect(expected: Expected<Awaited<ReturnType<Tab['see']>>>): Promise<void> {
    await expect.poll(() => this.see()).toMatchObject(expected);
  }

  private async see() {
    return this.run(() => {
      const root = document.querySelector('porchlight-chat')?.shadowRoot;
      const box = (element: HTMLElement | null | undefined) => {
        if (!element?.checkVisibility({ visibilityProperty: true })) return null;
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x, y, width, height };
      };
      return {
        /** Where it is; null where it is not seen. */
        launcher: box(root?.querySelector('button')),
        frame: box(root?.querySelector('iframe')),
        /** Whether the panel has been loaded, be it shown or not. */
        isReady: root?.querySelector('button')?.className === 'ready',
        /** What has the focus: an element of the page, or `launcher`, or `panel`. */
        focus: { BUTTON: 'launcher', IFRAME: 'panel' }[root?.activeElement?.tagName ?? ''] ?? document.activeElement?.tagName,
      };
    });
  }
}

/** The panel inside its frame. */
export class Panel {
  constructor(private readonly tab: Tab) {}

  /** Writes a message and sends it, by the keyboard; the composer has the focus. */
  async send(text: string): Promise<void> {
    await this.press(text + Key.enter);
    await this.expect({ draft: '' });
  }

  /** Waits until a message of either side is there, once. */
  async expectText(text: string): Promise<void> {
    const once = (texts: string[]) => texts.filter((shown) => shown === text);
    await expect.poll(async () => once((await this.see()).texts)).toEqual([text]);
  }

  /** Waits until the server has a message of the visitor's own. */
  async expectStored(text: string): Promise<void> {
    await expect.poll(async () => (await this.see()).states[text]).toMatch(/Sent|Delivered|Read/);
  }

  /** Waits until the mock agent has said all that it says to a visitor's first message. */
  async expectGreeting(): Promise<void> {
    await this.expect({ texts: expect.arrayContaining([expect.stringMatching(/How can I help/)]) });
  }

  async field(): Promise<Element> {
    return this.run(() => document.querySelector('textarea') as never);
  }

  /** Picks a file as the browser's own dialogue would. */
  async attach(file: string): Promise<void> {
    const input = await this.run(() => document.querySelector('input[type=file]') as never);
    await this.tab.browser.upload(input, file);
  }

  /** Runs a function in the frame. */
  async run<R, A extends unknown[]>(script: (...values: A) => R, ...values: A): Promise<Awaited<R>> {
    await this.enter();
    return this.tab.browser.run(script, ...values);
  }

  /** Presses keys while the focus is in the frame. */
  async press(keys: string, held?: string): Promise<void> {
    await this.enter();
    await this.tab.browser.press(keys, held);
  }

  private async enter(): Promise<void> {
    await this.tab.browser.enter(await this.tab.frame());
  }

  /** Waits until this is so of the panel. */
  async expect(expected: Expected<Awaited<ReturnType<Panel['see']>>>): Promise<void> {
    await expect
      .poll(async () => {
        await this.tab.expect({ frame: expect.anything() });
        return this.see();
      })
      .toMatchObject(expected);
  }

  private async see() {
    return this.run(() => {
      const seen = [...document.querySelectorAll<HTMLElement>('[role=log] .message')];
      const text = (message: HTMLElement) => message.querySelector('.text')?.textContent ?? '';
      const field = document.querySelector('textarea');
      return {
        texts: seen.map(text).filter((text) => text),
        /** How far each message has come, as assistive technology hears it. */
        states: Object.fromEntries(seen.map((message) => [text(message), message.querySelector('.meta .said')?.textContent])),
        /** The pictures that the browser has got and can show. */
        pictures: [...document.querySelectorAll<HTMLImageElement>('[role=log] img')]
          .filter((image) => image.complete && image.naturalWidth)
          .map(({ alt, naturalWidth, naturalHeight }) => ({ alt, naturalWidth, naturalHeight })),
        /** The files in the composer. */
        files: [...document.querySelectorAll('.chip .file-name')].map((name) => name.textContent),
        notices: [...document.querySelectorAll('[role=status], [role=alert]')].map((notice) => notice.textContent).join(' '),
        draft: field?.value,
        hasFocus: document.hasFocus() && document.activeElement === field,
        direction: getComputedStyle(document.documentElement).direction,
        isDark: getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.every((part) => Number(part) < 64),
      };
    });
  }
}
