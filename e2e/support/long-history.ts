import { expect } from '@playwright/test';
import type { HostPage } from '../pages/host-page.ts';
import { Agent } from './agent.ts';
import type { Server } from './server.ts';
import { VisitorApi } from './visitor-api.ts';

/** What was seen on the way up through a conversation. */
export interface Way {
  /** The texts of the messages, in the order of the list. */
  seen: string[];
  /** How far what was on screen moved by itself, each time that other messages were put into the document. */
  jumps_px: number[];
  /** The most messages that were in the document at once. */
  nRowsMax: number;
}

/** Has a conversation of so many messages, opens it, and answers with their texts in the order in which they are stored. */
export async function beginLong(host: HostPage, server: Server, nMessages: number): Promise<string[]> {
  await host.goto();
  await host.open();
  const api = await VisitorApi.of(host.page, async () => {
    await host.panel.send('Hello');
    await host.panel.expectStored('Hello');
    await host.panel.send('Are you there?');
  });
  await host.panel.expectStored('Are you there?');
  const robin = await Agent.create(server, 'Robin');
  const conversation = await robin.conversation();
  // Nobody has to draw them while they come.
  await host.page.goto('about:blank');
  const texts = Array.from({ length: nMessages - 2 }, (_, n) => `number ${n + 1}`);
  await robin.sayAllAtOnce(conversation, texts);
  // It is still open in this tab, where the unread ones begin.
  await host.goto();
  await host.panel.frame.getByRole('button', { name: /Jump to newest/ }).click();
  await expect(host.panel.text(texts.at(-1)!)).toBeInViewport();
  return (await api.allMessages()).map(({ content }) => content);
}

/** Scrolls up to the first message, most of a screen at a time. */
export async function scrollThrough(host: HostPage): Promise<Way> {
  return host.panel.conversation.evaluate(async (list) => {
    const textOf = (row: Element) => row.querySelector('.text')?.textContent ?? '';
    const frame = () => new Promise(requestAnimationFrame);
    const isBeginning = () => document.querySelector('#panel.beginning') !== null;
    const seen: string[] = [];
    const jumps_px: number[] = [];
    let nRowsMax = 0;
    for (;;) {
      const rows = [...list.querySelectorAll<HTMLElement>('.message')];
      nRowsMax = Math.max(nRowsMax, rows.length);
      const texts = rows.map(textOf);
      // What joins on to what has been seen, which is below it.
      const known = seen[0] === undefined ? texts.length : texts.indexOf(seen[0]);
      if (known < 0) throw new Error(`${seen[0]} is gone before what is above it came`);
      seen.unshift(...texts.slice(0, known));
      if (list.scrollTop === 0 && isBeginning()) return { seen, jumps_px, nRowsMax };
      list.scrollTop -= list.clientHeight * 0.8;
      // The second message in view, for the first may lose its name to the group that it turns out to belong to.
      const place = rows.filter((row) => row.offsetTop + row.offsetHeight > list.scrollTop)[1]!;
      const before = place.offsetTop - list.scrollTop;
      const first = list.querySelector('.message');
      await frame();
      await frame();
      // At the top one waits for the server.
      while (list.scrollTop === 0 && !isBeginning() && list.querySelector('.message') === first) await frame();
      if (list.querySelector('.message') !== first) {
        // The panel keeps the place in a callback before the next paint, which may come after this one's.
        await frame();
        await frame();
        jumps_px.push(Math.abs(place.offsetTop - list.scrollTop - before));
      }
    }
  });
}
