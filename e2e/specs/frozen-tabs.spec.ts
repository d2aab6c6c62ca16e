import type { HostPage } from '../pages/host-page.ts';
import tests from '../playwright.config.ts';
import { BEFORE, expect, expectEverywhere, openTabs, test } from '../support/tabs.ts';

// Otherwise the panels of all tabs, which are of one site, would share a process, and stand still together.
test.use({
  launchOptions: {
    ...tests.use?.launchOptions,
    args: [...(tests.use?.launchOptions?.args ?? []), '--disable-site-isolation-trials'],
  },
});

/** Stops everything in a tab, as the browser does with one in the background, and returns what lets it go on. */
async function freeze(tab: HostPage): Promise<() => Promise<void>> {
  const session = await tab.page.context().newCDPSession(tab.page);
  await session.send('Debugger.enable');
  await session.send('Debugger.pause');
  const paused = new Promise((resolve) => session.once('Debugger.paused', resolve));
  // It pauses at the next statement, whatever that is.
  session.send('Runtime.evaluate', { expression: '0' }).catch(() => {});
  await paused;
  return async () => {
    await session.send('Debugger.resume');
    await session.send('Debugger.disable');
    await session.detach();
  };
}

/** Tells the panel what the browser tells a page before it freezes it, or when it thaws. */
async function warn(tab: HostPage, event: 'freeze' | 'resume'): Promise<void> {
  await tab.panel.composer.evaluate((_, event) => document.dispatchEvent(new Event(event)), event);
}

test('a tab that is frozen hands the stream over first, and catches up when it thaws', async ({ host, front }) => {
  const { tabs, api } = await openTabs(host, 3);
  await expect.poll(() => front.nStreams).toBe(1);
  const others = tabs.slice(1);

  await warn(host, 'freeze');
  await expect.poll(() => front.nStreams).toBe(1);
  const thaw = await freeze(host);
  await api.send('While it sleeps');
  await expectEverywhere(others, [...BEFORE, 'While it sleeps']);

  await thaw();
  await warn(host, 'resume');
  await api.send('Awake again');
  await expectEverywhere(tabs, [...BEFORE, 'While it sleeps', 'Awake again']);
  await expect.poll(() => front.nStreams).toBe(1);
});

test('a tab that is frozen without a warning has the stream taken from it, and catches up when it thaws', async ({
  host,
  front,
}) => {
  const { tabs, api } = await openTabs(host, 3);
  await expect.poll(() => front.nStreams).toBe(1);
  const others = tabs.slice(1);

  const thaw = await freeze(host);
  await api.send('While it sleeps');
  // It is asked after ten seconds of silence, and given up when it does not answer.
  await expect(others[0]!.panel.text('While it sleeps')).toBeVisible({ timeout: 40_000 });
  await expectEverywhere(others, [...BEFORE, 'While it sleeps']);

  await thaw();
  await api.send('Awake again');
  await expectEverywhere(tabs, [...BEFORE, 'While it sleeps', 'Awake again']);
  await expect.poll(() => front.nStreams).toBe(1);
});

test('a tab that follows and has slept over what was said to it catches up', async ({ host, front }) => {
  const { tabs, api } = await openTabs(host, 3);
  await expect.poll(() => front.nStreams).toBe(1);

  const thaw = await freeze(tabs[2]!);
  await api.send('While it sleeps');
  await expectEverywhere(tabs.slice(0, 2), [...BEFORE, 'While it sleeps']);
  await thaw();
  await warn(tabs[2]!, 'resume');
  await expectEverywhere(tabs, [...BEFORE, 'While it sleeps']);
  await expect.poll(() => front.nStreams).toBe(1);
});
