/**
 * The one global that the Porchlight loader adds to a page.
 *
 * It may be called before the loader is there, when the page makes the queue itself:
 *
 *     window.Porchlight = window.Porchlight || function () { (Porchlight.q = Porchlight.q || []).push(arguments) };
 *     Porchlight('open');
 *
 * Once it is there, `Porchlight('open')` and `Porchlight.open()` are the same.
 */

/** What a page can listen to, and what its listener is given. */
export interface PorchlightEvents {
  /** The launcher is on the page. A listener that comes later is called at once. */
  ready: void;
  open: void;
  close: void;
  /** How many messages the visitor has not seen. */
  unread: number;
}

export interface PorchlightActions {
  /** Opens the panel and puts the focus into it. */
  open(): void;
  close(): void;
  toggle(): void;
  /** Shows the launcher again after `hide`. */
  show(): void;
  /** Closes the panel and takes the launcher away. `open` still opens the panel. */
  hide(): void;
  /** Takes everything off the page. Afterwards calls do nothing but warn, and the script may be included anew. */
  destroy(): void;
  /** Adds a listener, and returns a function that removes it. */
  on<Name extends keyof PorchlightEvents>(name: Name, listener: (data: PorchlightEvents[Name]) => void): () => void;
  off<Name extends keyof PorchlightEvents>(name: Name, listener: (data: PorchlightEvents[Name]) => void): void;
}

export interface Porchlight extends PorchlightActions {
  <Name extends keyof PorchlightActions>(
    name: Name,
    ...args: Parameters<PorchlightActions[Name]>
  ): ReturnType<PorchlightActions[Name]>;
  /** The widget's id; absent after `destroy`. */
  readonly id?: string;
}

declare global {
  interface Window {
    Porchlight: Porchlight;
    /** The widget's id, for pages made for Pingback's script: read when the script's address has no `id`. */
    PingBackWidgetId?: string;
  }
  const Porchlight: Porchlight;
}
