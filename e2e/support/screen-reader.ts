import type { Page } from '@playwright/test';

/** Something that a screen reader would say without being asked, and whether it interrupts for it. */
export interface Said {
  text: string;
  interrupts: boolean;
}

/**
 * Listens as a screen reader does: to what is written into live regions, in the page and its frames, at the moment at which
 * it is written. Of a log only what is added is said; of a status or an alert the whole. Must be called before a page is
 * loaded.
 */
export async function listenToLiveRegions(page: Page): Promise<Said[]> {
  const said: Said[] = [];
  await page.exposeFunction('screenReaderSays', (text: string, interrupts: boolean) => said.push({ text, interrupts }));
  await page.addInitScript(() => {
    const IMPLIED: Record<string, string> = { log: 'polite', status: 'polite', alert: 'assertive' };
    const say = (window as unknown as { screenReaderSays: (text: string, interrupts: boolean) => void }).screenReaderSays;
    const regionOf = (node: Node) => {
      const start = node instanceof Element ? node : node.parentElement;
      return start?.closest('[aria-live], [role=log], [role=status], [role=alert]');
    };
    // What is hidden from it or not drawn is not said; what is only invisible is.
    const spoken = (node: Node): string => {
      if (node instanceof Text) return node.data;
      if (!(node instanceof Element)) return '';
      if (node.getAttribute('aria-hidden') === 'true' || getComputedStyle(node).display === 'none') return '';
      const inside = [...node.childNodes].map(spoken).join(' ');
      return `${node.getAttribute('alt') ?? ''} ${inside}`.replace(/\s+/g, ' ').trim();
    };
    const observe = (root: Document | ShadowRoot) =>
      new MutationObserver((records) => {
        const toSay = new Map<string, boolean>();
        for (const { target, addedNodes } of records) {
          const region = regionOf(target);
          const role = region?.getAttribute('role') ?? '';
          const live = region?.getAttribute('aria-live') ?? IMPLIED[role];
          if (!region || !live || live === 'off') continue;
          const texts = role === 'log' ? [...addedNodes].filter((node) => node.isConnected).map(spoken) : [spoken(region)];
          for (const text of texts) if (text) toSay.set(text, live === 'assertive');
        }
        for (const [text, interrupts] of toSay) say(text, interrupts);
      }).observe(root, { subtree: true, childList: true, characterData: true });
    observe(document);
    const attachShadow = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (options) {
      const root = attachShadow.call(this, options);
      observe(root);
      return root;
    };
  });
  return said;
}
