import type { Browser, Frame, Locator, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { originOf, serveCompressed } from './support/compressed-folder.ts';
import { beginLong, scrollThrough } from './support/long-history.ts';

test.use({ mockScript: 'quiet.toml' });

/** When a panel first showed a text, and when it showed that the server has it; by the clock of this machine. */
interface Times {
  shown: Record<string, number>;
  stored: Record<string, number>;
}

declare global {
  interface Window {
    times: Times;
    frames_ms: number[];
  }
}

/** Notes what a panel shows, from now on. */
async function watch(panel: Frame): Promise<void> {
  await panel.evaluate(() => {
    window.times = { shown: {}, stored: {} };
    const note = () => {
      for (const message of document.querySelectorAll('.message')) {
        const text = message.querySelector('.text')?.textContent ?? '';
        window.times.shown[text] ??= Date.now();
        if (!message.matches('.sending')) window.times.stored[text] ??= Date.now();
      }
    };
    new MutationObserver(note).observe(document.getElementById('list')!, {
      subtree: true,
      childList: true,
      attributes: true,
    });
  });
}

function panelOf(page: Page, origin: string): Frame {
  const panel = page.frames().find((frame) => frame.url().startsWith(origin));
  if (!panel) throw new Error('there is no panel');
  return panel;
}

function summary(what: string, times_ms: number[]): string {
  const sorted = times_ms.toSorted((a, b) => a - b);
  const at = (part: number) => `${sorted[Math.ceil(part * sorted.length) - 1]} ms`.padStart(8);
  return `${what.padEnd(56)} p50${at(0.5)}  p95${at(0.95)}  max${at(1)}  of ${sorted.length}`;
}

test('seven tabs on HTTP/1.1', async ({ host, server, page }) => {
  const nTabs = 7;
  const nRounds = 20;
  const streams = new Set<unknown>();
  page.context().on('request', (request) => request.url().endsWith('/stream') && streams.add(request));
  page.context().on('requestfailed', (request) => streams.delete(request));
  page.context().on('requestfinished', (request) => streams.delete(request));

  await host.goto();
  await host.open();
  await host.panel.send('Hello');
  await host.panel.expectStored('Hello');
  const tabs = [host];
  while (tabs.length < nTabs) {
    const tab = await host.newTab();
    await tab.goto();
    await tab.open();
    await expect(tab.panel.text('Hello')).toBeVisible();
    tabs.push(tab);
  }
  const panels = tabs.map((tab) => panelOf(tab.page, server.origin));
  await Promise.all(panels.map(watch));

  const texts: string[] = [];
  for (let round = 0; round < nRounds; round += 1) {
    for (const [index, { panel }] of tabs.entries()) {
      const text = `round ${round}, tab ${index}`;
      await panel.send(text);
      await panel.expectStored(text);
      texts.push(text);
    }
  }
  for (const { panel } of tabs) await expect(panel.text(texts.at(-1)!)).toBeVisible();
  const times = await Promise.all(panels.map((panel) => panel.evaluate(() => window.times)));

  const stored_ms: number[] = [];
  const everywhere_ms: number[] = [];
  for (const [n, text] of texts.entries()) {
    // It is on screen in its own tab as soon as Enter is pressed.
    const own = times[n % nTabs]!;
    const sentAt = own.shown[text]!;
    stored_ms.push(own.stored[text]! - sentAt);
    everywhere_ms.push(Math.max(...times.map(({ shown }) => shown[text]!)) - sentAt);
  }
  console.log(`event streams open: ${streams.size}`);
  console.log(summary('from Enter until the sender is told that it is stored', stored_ms));
  console.log(summary('from Enter until it is seen in the last of seven tabs', everywhere_ms));
});

test('typing with ten thousand messages loaded, at a fourth of the CPU', async ({ host, server, page, context }) => {
  test.setTimeout(600_000);
  const newest = (await beginLong(host, server, 10_000)).at(-1)!;
  await page.reload();
  await expect(host.panel.text(newest)).toBeInViewport();
  const way = await scrollThrough(host);
  console.log(`messages seen: ${way.seen.length}; rows in the document at most: ${way.nRowsMax}`);
  await host.panel.frame.getByRole('button', { name: /Jump to newest/ }).click();
  await expect(host.panel.text(newest)).toBeInViewport();

  const empty = await context.newPage();
  await empty.setContent('<textarea>');
  const ours_ms: number[] = [];
  const theirs_ms: number[] = [];
  // In turn, so that a machine that slows down slows both.
  for (let round = 0; round < 3; round += 1) {
    await page.bringToFront();
    ours_ms.push(...(await type(panelOf(page, server.origin), host.panel.composer)));
    await empty.bringToFront();
    theirs_ms.push(...(await type(empty.mainFrame(), empty.getByRole('textbox'))));
  }
  console.log(frames('from frame to frame, while typing', ours_ms));
  console.log(frames('the same, in the field of an empty page', theirs_ms));
  // Frames wait for whatever else the machine does. What a thread itself has computed does not depend on that.
  await page.bringToFront();
  const tasks_ms = await tasks(page, () => type(panelOf(page, server.origin), host.panel.composer));
  await empty.bringToFront();
  const emptys_ms = await tasks(empty, () => type(empty.mainFrame(), empty.getByRole('textbox')));
  console.log(summary('what the page computes at a time, while typing', tasks_ms));
  console.log(summary('the same, with the field of an empty page', emptys_ms));
});

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** The time that the thread had of a processor, in microseconds. */
  tdur?: number;
  args: { name?: string };
}

/** How long each task of a page's main thread was, as its processor has counted it: those that took a millisecond or more. */
async function tasks(page: Page, work: () => Promise<unknown>): Promise<number[]> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['toplevel'] });
  await work();
  const trace: { traceEvents: TraceEvent[] } = JSON.parse((await browser.stopTracing()).toString());
  const threads = trace.traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const times_ms = threads.map(({ pid, tid }) =>
    trace.traceEvents
      .filter((event) => event.pid === pid && event.tid === tid && event.ph === 'X' && event.name.endsWith('RunTask'))
      .map(({ tdur }) => (tdur ?? 0) / 1000),
  );
  const sum = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0);
  // The page that is typed into computes more than those behind it.
  const busiest_ms = times_ms.toSorted((a, b) => sum(b) - sum(a))[0]!;
  return busiest_ms.filter((time_ms) => time_ms >= 1).map(Math.round);
}

function frames(what: string, times_ms: number[]): string {
  return `${summary(what, times_ms.map(Math.round))}, ${times_ms.filter((time_ms) => time_ms > 51).length} over 50`;
}

/** Types at a fourth of the CPU, and answers with how long each frame took. */
async function type(frame: Frame, field: Locator): Promise<number[]> {
  const cdp = await frame.page().context().newCDPSession(frame.parentFrame() ? frame : frame.page());
  // What came before leaves no garbage to be collected meanwhile.
  await cdp.send('HeapProfiler.collectGarbage');
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await frame.evaluate(() => {
    window.frames_ms = [];
    const { frames_ms } = window;
    let before = performance.now();
    const note = (now: number) => {
      if (window.frames_ms !== frames_ms) return;
      frames_ms.push(now - before);
      before = now;
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
  });
  await field.pressSequentially('The quick brown fox jumps over the lazy dog. '.repeat(3), { delay: 40 });
  const frames_ms = await frame.evaluate(() => window.frames_ms);
  await field.fill('');
  await cdp.detach();
  return frames_ms;
}

/** As Chromium's own developer tools have it. */
const SLOW_4G = { offline: false, latency: 562.5, downloadThroughput: 180_000, uploadThroughput: 84_375 };

/** From a click on the page's button to the focus in the field of a frame that it opens; in a browser that knows nothing yet. */
async function clickToField(browser: Browser, address: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(address);
  const button = page.getByRole('button').first();
  await button.waitFor();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await cdp.send('Network.emulateNetworkConditions', SLOW_4G);
  const time_ms = page.evaluate(
    () =>
      new Promise<number>((done) => {
        addEventListener(
          'click',
          () => {
            const start = performance.now();
            const frames = () => [document, ...[...document.querySelectorAll('*')].map((element) => element.shadowRoot)]
              .flatMap((root) => [...(root?.querySelectorAll('iframe') ?? [])]);
            const look = () => {
              // It is of the same origin.
              const has = frames().some((frame) => frame.contentDocument?.activeElement?.matches('textarea'));
              if (has) done(performance.now() - start);
              else requestAnimationFrame(look);
            };
            look();
          },
          { capture: true, once: true },
        );
      }),
  );
  // Without a way to it that would show what is meant.
  await button.dispatchEvent('click');
  const taken_ms = await time_ms;
  await context.close();
  return taken_ms;
}

test('from a click to the composer, against an empty program, at a fourth of the CPU and on slow 4G', async ({ browser, server }) => {
  const folder = process.env.PORCHLIGHT_EMPTY;
  if (!folder) throw new Error('PORCHLIGHT_EMPTY is not set: run this by `cargo xtask measure`, which builds what it is compared with');
  const empty = await serveCompressed(folder);
  const ours_ms: number[] = [];
  const theirs_ms: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    ours_ms.push(await clickToField(browser, `${server.origin}/demo`));
    theirs_ms.push(await clickToField(browser, originOf(empty)));
  }
  empty.close();
  console.log(summary('from the click to the composer', ours_ms.map(Math.round)));
  console.log(summary('the same, with an empty program', theirs_ms.map(Math.round)));
  const median = (times_ms: number[]) => times_ms.toSorted((a, b) => a - b)[Math.floor(times_ms.length / 2)]!;
  console.log(`times as long: ${(median(ours_ms) / median(theirs_ms)).toFixed(2)}`);
});
