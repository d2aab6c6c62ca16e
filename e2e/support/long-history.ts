import { expect } from '@playwright/test';
import type { HostPage } from '../pages/host-page.ts';
import { Agent } from './agent.ts';
import type { Server } from './server.ts';

/** What was seen on the way up through a conversation. */
export interface Way {
  /** The numbers of the messages, in the order of the list. */
  seen: number[];
  /** How far what was on screen moved by itself, each time that other messages were put into the document. */
  jumps_px: number[];
  /** The most rows that were in the document at once. */
  nRowsMax: number;
}

/** Opens a conversation and has an agent say `number 1` to `number N` in it. */
export async function beginLong(host: HostPage, server: Server, nMessages: number): Promise<void> {
  await host.goto();
  await host.open();
  await host.panel.send('Hello');
  await host.panel.expectStored('Hello');
  const robin = await Agent.create(server, 'Robin');
  const conversation = await robin.conversation();
  await host.page.goto('about:blank');
  const texts = Array.from({ length: nMessages }, (_, n) => `number ${n + 1}`);
  await robin.sayAll(conversation, texts);
  await host.goto();
  await expect(host.launcher).toHaveAccessibleName(/unread/);
  await host.open();
}

/** Scrolls up to the first message, a screen at a time. */
export async function scrollThrough(host: HostPage): Promise<Way> {
  return host.panel.conversation.evaluate(async (list) => {
    const numberOf = (row: Element) => Number(/^number (\d+)$/.exec(row.querySelector('.text')?.textContent ?? '')?.[1]);
    const frame = () => new Promise(requestAnimationFrame);
    const seen: number[] = [];
    const jumps_px: number[] = [];
    let nRowsMax = 0;
    for (;;) {
      const rows = [...list.querySelectorAll('.message')];
      nRowsMax = Math.max(nRowsMax, rows.length);
      const numbers = rows.map(numberOf).filter((number) => !Number.isNaN(number));
      // What joins on to what has been seen, which is below it.
      const next = seen[0] === undefined ? numbers : numbers.slice(0, numbers.indexOf(seen[0]));
      if (seen[0] !== undefined && !numbers.includes(seen[0])) throw new Error(`${seen[0]} is gone before what is above it came`);
      seen.unshift(...next);
      if (list.scrollTop === 0 && seen[0] === 1) return { seen, jumps_px, nRowsMax };
      list.scrollTop -= list.clientHeight * 0.8;
      // The second message in view, for the first may lose its name to the group that it turns out to belong to.
      const place = (rows as HTMLElement[]).filter((row) => row.offsetTop + row.offsetHeight > list.scrollTop)[1]!;
      const before = place.offsetTop - list.scrollTop;
      const first = list.querySelector('.message');
      await frame();
      await frame();
      if (list.querySelector('.message') !== first) jumps_px.push(Math.abs(place.offsetTop - list.scrollTop - before));
      // At the top one waits for the server.
      while (list.scrollTop === 0 && seen[0] !== 1 && list.querySelector('.message') === first) await frame();
    }
  });
}
