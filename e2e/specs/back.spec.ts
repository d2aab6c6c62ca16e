import tests from '../playwright.config.ts';
import { Apis } from '../support/apis.ts';
import { BEFORE, expect, expectEverywhere, openTabs, test } from '../support/tabs.ts';

// Playwright has the browser throw pages away when one leaves them; visitors' browsers keep them for "back".
test.use({ launchOptions: { ...tests.use?.launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] } });

for (const [which, index] of [
  ['holds the stream', 0],
  ['follows', 1],
] as const) {
  test(`a tab that ${which} can be left and is whole again upon "back"`, async ({ host, server, front }) => {
    const { tabs } = await openTabs(host, 3);
    await expect.poll(() => front.nStreams).toBe(1);
    const apis = new Apis(server);
    const conversation = await apis.conversation();
    const left = tabs[index]!;
    const others = tabs.filter((tab) => tab !== left);
    // Nobody reads what comes, so that the launcher tells how much of it there is.
    for (const tab of tabs) await tab.launcher.click();
    await left.page.evaluate(() => Object.assign(window, { isSamePage: true }));

    await left.page.goto('about:blank');
    await apis.sayByPingback(conversation, 'While it is away');
    await expectEverywhere(others, [...BEFORE, 'While it is away']);
    await expect.poll(() => front.nStreams).toBe(1);

    // Not `goBack`, which waits for a page to load. This one may be gone before it has answered.
    await left.page.evaluate(() => history.back()).catch(() => {});
    await expect(left.launcher).toBeVisible();
    expect(await left.page.evaluate(() => 'isSamePage' in window), 'nothing open kept it from being kept').toBe(true);

    await apis.sayByPingback(conversation, 'Back again');
    await expectEverywhere(others, [...BEFORE, 'While it is away', 'Back again']);
    // Playwright has lost sight of what is in the frame.
    await expect(left.launcher).toHaveAccessibleName('Open chat, 2 unread messages');
    await left.launcher.click();
    const focused = () => left.page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.localName);
    await expect.poll(focused).toBe('iframe');
    await left.page.keyboard.type('From the page that was kept');
    await left.page.keyboard.press('Enter');
    await expectEverywhere(others, [...BEFORE, 'While it is away', 'Back again', 'From the page that was kept']);
    await expect.poll(() => front.nStreams).toBe(1);
  });
}
