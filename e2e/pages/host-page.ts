import { expect, type Locator, type Page } from '@playwright/test';
import type { HostServer } from '../support/hosts.ts';
import { PanelPage } from './panel-page.ts';

/** A page of the business's site, with the launcher on it. */
export class HostPage {
  readonly launcher: Locator;
  /** The frame element, where the loader puts it. */
  readonly frame: Locator;
  readonly panel: PanelPage;
  /** Everything the page's console was told, as `type: text`. */
  readonly console: string[] = [];
  /** Errors that nobody caught, in the page or its frames. */
  readonly errors: string[] = [];

  constructor(
    readonly page: Page,
    readonly hosts: HostServer,
    /** The panel's. */
    language?: string,
  ) {
    this.launcher = page.locator('porchlight-chat').getByRole('button');
    this.frame = page.locator('porchlight-chat iframe');
    this.panel = new PanelPage(page, page.frameLocator('porchlight-chat iframe'), language);
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.errors.push(error.message));
  }

  /** Goes to a page of `hosts/`. */
  async goto(name = 'plain', origin = this.hosts.origin): Promise<void> {
    await this.page.goto(`${origin}/${name}`);
  }

  /** The loader's warnings. */
  get warnings(): string[] {
    return this.console.filter((line) => line.startsWith('warning: Porchlight'));
  }

  /** Opens the panel by a click and waits until one can type, and the panel stands still: nobody clicks before they see it. */
  async open(): Promise<void> {
    await this.launcher.click();
    await expect(this.panel.composer).toBeFocused();
    await this.frame.hover({ trial: true });
  }

  /** A second tab of the same visitor. */
  async newTab(): Promise<HostPage> {
    return new HostPage(await this.page.context().newPage(), this.hosts);
  }
}
