import { expect, type Frame, type Page } from '@playwright/test';
import type { HostServer } from '../support/hosts.ts';
import { PanelPage } from './panel-page.ts';

declare global {
  function say(...command: unknown[]): Promise<void>;
  var heard: unknown[][];
}

/** A page that says to the panel what the loader would, and hears what the loader would. */
export class PortPage {
  readonly panel: PanelPage;

  constructor(
    readonly page: Page,
    private readonly hosts: HostServer,
  ) {
    this.panel = new PanelPage(page, page.frameLocator('iframe'));
  }

  async goto(): Promise<void> {
    await this.page.goto(`${this.hosts.origin}/port`);
  }

  /** Says a command of the port's. */
  async say(...command: unknown[]): Promise<void> {
    await this.page.evaluate((command) => say(...command), command);
  }

  async set(wishes: Record<string, unknown>): Promise<void> {
    await this.say('set', wishes);
  }

  /** Shows the panel and waits until one can type. */
  async open(): Promise<void> {
    await this.say('open');
    // As the loader does.
    await this.page.locator('iframe').evaluate((frame: HTMLIFrameElement) => frame.focus());
    await expect(this.panel.composer).toBeFocused();
  }

  /** Goes to the page, signs in with a token if there is one, and opens the panel. */
  async begin(token?: string): Promise<void> {
    await this.goto();
    if (token !== undefined) await this.set({ user: { token } });
    await this.open();
  }

  /** Everything the panel has said with this name, without the name. */
  async heard(name: string): Promise<unknown[][]> {
    const all = await this.page.evaluate(() => heard);
    return all.filter(([first]) => first === name).map(([, ...rest]) => rest);
  }

  /** The data of each event of this name that the page's listeners were told of. */
  async events(name: string): Promise<Record<string, unknown>[]> {
    const events = (await this.heard('event')) as [string, Record<string, unknown>][];
    return events.filter(([event]) => event === name).map(([, data]) => data);
  }

  /** What the panel keeps in a storage of the browser's, by key. */
  async kept(storage: 'localStorage' | 'sessionStorage'): Promise<string[]> {
    return this.frame.evaluate((storage) => Object.keys(window[storage]), storage);
  }

  /** A second tab of the same browser. */
  async newTab(): Promise<PortPage> {
    return new PortPage(await this.page.context().newPage(), this.hosts);
  }

  private get frame(): Frame {
    const frame = this.page.frames()[1];
    if (!frame) throw new Error('the page has no frame yet');
    return frame;
  }
}
