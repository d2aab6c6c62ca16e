import { readFileSync } from 'node:fs';
import { expect, type FrameLocator, type Locator, type Page } from '@playwright/test';
import type { File } from '../support/files.ts';

/** How far one of the visitor's own messages has come, as assistive technology hears it. */
export type State = 'Sending' | 'Sent' | 'Delivered' | 'Read' | 'Not sent';

/** The panel's texts in a language. */
function textsIn(language: string): Record<string, string> {
  return JSON.parse(readFileSync(new URL(`../../widget/locales/${language}.json`, import.meta.url), 'utf8'));
}

/** The panel, in its frame or popped out. */
export class PanelPage {
  readonly composer: Locator;
  readonly attachButton: Locator;
  readonly emojiButton: Locator;
  /** The emoji picker. */
  readonly picker: Locator;
  /** A picture over the panel. */
  readonly lightbox: Locator;
  readonly sendButton: Locator;
  readonly closeButton: Locator;
  readonly conversation: Locator;
  readonly notices: Locator;
  /** What is wrong with the connection, and with what is in the composer. */
  readonly trouble: Locator;
  readonly problem: Locator;
  /** The dots of whoever is typing. */
  readonly dots: Locator;
  readonly newLine: Locator;
  readonly jumpButton: Locator;
  private readonly chips: Locator;

  constructor(
    private readonly page: Page,
    /** Where it is: in a frame, or alone in a window. */
    readonly frame: FrameLocator | Page,
    language = 'en',
  ) {
    const { attach, emoji, send, close, files } = textsIn(language);
    // These two are one of a kind, in whatever language the panel is.
    this.composer = frame.getByRole('textbox');
    this.conversation = frame.getByRole('log');
    this.attachButton = frame.getByRole('button', { name: attach });
    this.emojiButton = frame.getByRole('button', { name: emoji, exact: true });
    this.picker = frame.getByRole('dialog', { name: emoji });
    this.lightbox = frame.locator('dialog.lightbox');
    this.sendButton = frame.getByRole('button', { name: send, exact: true });
    this.closeButton = frame.getByRole('button', { name: close });
    this.notices = frame.getByRole('status').or(frame.getByRole('alert'));
    this.trouble = frame.locator('#trouble');
    this.problem = frame.locator('#problem');
    this.dots = frame.locator('.dots');
    this.newLine = frame.locator('#new');
    this.chips = frame.getByRole('list', { name: files }).getByRole('listitem');
    this.jumpButton = frame.locator('[name=jump]');
  }

  /** Types a message and sends it by Enter. */
  async send(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
    await expect(this.composer).toHaveValue('');
  }

  /** Picks files as the browser's own dialogue would. */
  async attach(...files: File[]): Promise<void> {
    await this.frame.locator('input[type=file]').setInputFiles(files);
  }

  /** The files in the composer, or the one of this name. */
  chip(name?: string): Locator {
    return name === undefined ? this.chips : this.chips.filter({ hasText: name });
  }

  /** Waits until a file in the composer has been uploaded. */
  async expectAttached(name: string): Promise<void> {
    await expect(this.chip(name)).toBeVisible();
    await expect(this.chip(name).getByRole('progressbar')).toBeHidden();
    await expect(this.chip(name)).not.toHaveClass(/failed/);
  }

  /** A picture in the conversation. */
  picture(name: string): Locator {
    return this.conversation.getByRole('img', { name, exact: true });
  }

  /** A file in the conversation that is no picture. */
  file(name: string): Locator {
    return this.conversation.getByRole('link', { name: new RegExp(`Sent a file: ${name}`) });
  }

  /** The text of a message, of either side; the whole of it, or what a pattern fits. */
  text(text: string | RegExp): Locator {
    return this.conversation.getByText(text, { exact: true });
  }

  /** Messages of both sides, each with its time and state. */
  get messages(): Locator {
    return this.conversation.locator('.message');
  }

  /** The message with this text. */
  message(text: string): Locator {
    return this.messages.filter({ has: this.frame.getByText(text, { exact: true }) });
  }

  /** Types a message, sends it and is gone before it can be answered. */
  async sendAndLeave(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
    await this.composer.press('Escape');
  }

  /** Waits until a message of the visitor's own has come as far as one of these. */
  async expectState(text: string, ...states: State[]): Promise<void> {
    await expect(this.message(text)).toContainText(new RegExp(states.join('|')));
  }

  /** Waits until the server has a message of the visitor's own. */
  async expectStored(text: string): Promise<void> {
    await this.expectState(text, 'Sent', 'Delivered', 'Read');
  }

  /** Waits until the mock agent has said all that it says to a visitor's first message. */
  async expectGreeting(): Promise<void> {
    await expect(this.text(/How can I help/)).toBeVisible();
  }

  /** Waits for the mock agent's answer to a later message. */
  async expectAnswer(text: string): Promise<void> {
    await expect(this.text(`You said: “${text}”`)).toBeVisible();
  }

  notice(text: RegExp): Locator {
    return this.notices.filter({ hasText: text });
  }

  /** Turns the wheel over the conversation; negative is up. */
  async scroll(pixels: number): Promise<void> {
    await this.conversation.hover();
    await this.page.mouse.wheel(0, pixels);
  }
}
