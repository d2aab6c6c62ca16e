/**
 * What Porchlight is to the code of a page.
 *
 * With the script tag there is one global, `Porchlight`. It may be called before it is loaded, when the page makes the
 * queue itself:
 *
 *     window.Porchlight = window.Porchlight || function () { (Porchlight.q = Porchlight.q || []).push(arguments) };
 *     Porchlight('open');
 *
 * Once it is there, `Porchlight('open')` and `Porchlight.open()` are the same. Pages made of modules boot it instead:
 *
 *     import { boot } from 'https://HOST/porchlight.js';
 *     const chat = boot({ id: 'WIDGET_ID', position: 'start' });
 *     chat.open();
 *
 * Calls are carried out in order. Whatever is wrong with one is said once in the console, and breaks nothing.
 */

/** Who the visitor is, by the word of the business: a token that its server signed. */
export interface SignedUser {
  /** A JSON Web Token, signed with the widget's secret. */
  token: string;
  /** Called when the token has run out; what it returns is taken in its place. Event `identity:expired` comes as well. */
  renew?: () => string | Promise<string>;
}

/** Who the visitor says to be. It is shown to the business as unproven, and never joins two visitors into one. */
export interface UnsignedUser {
  name?: string;
  email?: string;
  phone?: string;
  /** An https address of a picture. */
  avatar?: string;
}

/** What the browser may keep: all, for the tab alone, or nothing (then a reload begins a new visitor). */
export type Consent = 'full' | 'session' | 'none';

/** What is known of a visitor or a conversation besides, by names of the business's own. */
export type Attributes = Record<string, string | number | boolean | null>;

/** How the chat looks and where it is. The widget has these too; what the page sets wins. */
export interface PorchlightLooks {
  /** The side of the window: where lines of text start, or where they end (the default). */
  position?: 'start' | 'end';
  /** Distance from that side and from the bottom, in CSS pixels, 0 to 400. 20 and 20. */
  offset?: { x?: number; y?: number };
  /** 1 to 2147483647. 2147483000. */
  zIndex?: number;
  /** How round the panel's corners are, in CSS pixels, 0 to 32. 16. */
  radius?: number;
  /** The brand colour of the launcher, as CSS writes colours. The icon on it is white or black, whichever can be seen. */
  color?: string;
  /**
   * What opens the panel: our own button (`default`), nothing but calls (`hidden`), or the elements of the page that fit this
   * CSS selector, now or later. They are told of by `aria-expanded`; where one is a link, it isn't followed.
   */
  launcher?: 'default' | 'hidden' | (string & {});
  /** What our button is called for those who don't see it; `null` for the word in the visitor's language. */
  launcherLabel?: string | null;
  /**
   * Whether the panel opens by itself, until the visitor has closed it in this tab. It takes no focus, and doesn't do so where it
   * would cover a small screen. False.
   */
  openOnLoad?: boolean;
  /** Whether a message that comes while the panel isn't seen makes a sound. True. */
  sound?: boolean;
  /**
   * Whether a message that comes while the page isn't seen makes the browser notify the visitor. They are asked when they have
   * sent a message; the notification has nothing in it of what was written. False.
   */
  notifications?: boolean;
  /**
   * An element of the page, or a selector of one, that the panel is to fill, open and without a launcher. Give it a height. `null`
   * puts the panel back into the corner. A page that exchanges the element sets it again.
   */
  inline?: string | Element | null;
}

/** All that `set` takes. What is left out stays as it is. */
export interface PorchlightSettings extends PorchlightLooks {
  user?: SignedUser | UnsignedUser;
  /** Of the visitor. */
  attributes?: Attributes;
  /** Of the conversation that they have or begin. */
  conversationAttributes?: Attributes;
  /** Of the conversation. */
  tags?: string[];
  /** The language of the chat, as a tag such as `pt-BR`; `null` for the page's own. */
  locale?: string | null;
  colorScheme?: 'system' | 'light' | 'dark';
  consent?: Consent;
}

/** What is told of a message: which and whose, and nothing of what stands in it. */
export interface PorchlightMessage {
  id: string;
  conversationId: string;
  /** Its place in the conversation: 1, 2, 3. */
  seq: number;
  sender: 'customer' | 'agent' | 'bot' | 'system';
  /** When it was stored, in milliseconds since 1970. */
  time: number;
}

/** Why something was refused. */
export interface PorchlightError {
  code: string;
  message?: string;
  /** What was wrong with which field. */
  fields?: { field: string; problem: string }[];
}

/** What a page can listen to, and what its listener is given. */
export interface PorchlightEvents {
  /** The launcher is on the page. A listener that comes later is called at once. */
  ready: void;
  open: void;
  close: void;
  /** The server has a message of the visitor's. */
  'message:sent': PorchlightMessage;
  /** A message came from the business. */
  'message:received': PorchlightMessage;
  /** How many messages the visitor has not seen. */
  unread: number;
  'conversation:started': { id: string };
  /** The user's token has run out, and `renew` gave no other. */
  'identity:expired': void;
  error: PorchlightError;
}

/** What `get` answers, at once. */
export interface PorchlightState {
  /** How many messages the visitor has not seen, as far as is known; the panel counts, and is loaded at intent. */
  unread: number;
  isOpen: boolean;
  /** Who writes; `null` as long as nobody has, or it isn't known yet. */
  visitorId: string | null;
}

export interface PorchlightActions {
  /** Opens the panel, and puts the focus into it unless told not to. */
  open(options?: { focus?: boolean }): void;
  close(): void;
  toggle(): void;
  /** Shows our launcher. */
  show(): void;
  /** Closes the panel and takes our launcher away. `open` still opens the panel. */
  hide(): void;
  /** Closes the panel and opens it in a window of its own. Call it when the visitor clicks, or the browser refuses. */
  popout(): void;
  /** Sends a message as the visitor. */
  send(text: string): void;
  /** Puts a text into the composer, if nothing is in it yet. */
  prefill(text: string): void;
  /** Tells the business of something that the visitor did. It loads nothing by itself. */
  track(event: string, data?: Attributes): void;
  /** Ends the visitor's session on this device. */
  logout(): void;
  /** Takes everything off the page. Afterwards calls do nothing but warn, and it may be booted anew. */
  destroy(): void;
  /** Changes settings. */
  set(settings: PorchlightSettings): void;
  /** Answers at once. */
  get<Name extends keyof PorchlightState>(name: Name): PorchlightState[Name];
  /** Adds a listener, and returns a function that removes it. */
  on<Name extends keyof PorchlightEvents>(name: Name, listener: (data: PorchlightEvents[Name]) => void): () => void;
  off<Name extends keyof PorchlightEvents>(name: Name, listener: (data: PorchlightEvents[Name]) => void): void;
}

export interface Porchlight extends PorchlightActions {
  <Name extends keyof PorchlightState>(action: 'get', name: Name): PorchlightState[Name];
  <Name extends keyof PorchlightEvents>(
    action: 'on',
    name: Name,
    listener: (data: PorchlightEvents[Name]) => void,
  ): () => void;
  <Name extends keyof PorchlightEvents>(
    action: 'off',
    name: Name,
    listener: (data: PorchlightEvents[Name]) => void,
  ): void;
  <Name extends Exclude<keyof PorchlightActions, 'get' | 'on' | 'off'>>(
    action: Name,
    ...args: Parameters<PorchlightActions[Name]>
  ): ReturnType<PorchlightActions[Name]>;
  /** The widget's id; absent after `destroy`. */
  readonly id?: string;
}

/** Puts the chat on the page. A page has one at a time; a second one is left out, with a warning. */
export declare function boot(settings: PorchlightSettings & { id: string }): Porchlight;

declare global {
  interface Window {
    Porchlight: Porchlight;
    /** The widget's id, for pages made for Pingback's script: read when the script's address has no `id`. */
    PingBackWidgetId?: string;
  }
  const Porchlight: Porchlight;
}
