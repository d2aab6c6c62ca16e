import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import type { HostPage } from '../pages/host-page.ts';
import { Agent } from '../support/agent.ts';

test.use({ mockScript: 'quiet.toml' });

/** Counts the notes that the panels of a page play. A sound is two of them. */
async function countNotes(page: Page): Promise<() => number> {
  let nNotes = 0;
  await page.exposeFunction('noteStarted', () => (nNotes += 1));
  await page.addInitScript(() => {
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (at) {
      (window as unknown as { noteStarted(): void }).noteStarted();
      start.call(this, at);
    };
  });
  return () => nNotes;
}

async function begin(host: HostPage): Promise<void> {
  await host.goto();
  await host.open();
  await host.panel.send('Hello');
  await host.panel.expectStored('Hello');
}

test('a message that comes while the panel is closed is heard once, and one that is seen is not', async ({
  host,
  page,
  server,
}) => {
  const nNotes = await countNotes(page);
  await begin(host);
  const robin = await Agent.create(server, 'Robin');
  const conversation = await robin.conversation();
  await robin.say(conversation, 'Seen');
  await expect(host.panel.text('Seen')).toBeVisible();
  await host.panel.closeButton.click();
  await robin.say(conversation, 'Unseen');
  await expect(host.launcher).toHaveAccessibleName('Open chat, 1 unread message');
  await expect.poll(nNotes).toBe(2);
});

test('nothing is heard before the visitor did something in the panel', async ({ host, page, server }) => {
  const nNotes = await countNotes(page);
  await begin(host);
  const robin = await Agent.create(server, 'Robin');
  const conversation = await robin.conversation();
  await host.panel.closeButton.click();
  await page.reload();
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  await expect(host.launcher).toHaveAccessibleName('Open chat');
  await robin.say(conversation, 'Unseen');
  await expect(host.launcher).toHaveAccessibleName('Open chat, 1 unread message');
  // What comes after the next message is after the time in which the first would have been heard.
  await host.open();
  await host.panel.send('Here');
  await host.panel.closeButton.click();
  await robin.say(conversation, 'Heard');
  await expect.poll(nNotes).toBe(2);
  expect(fetched.filter((url) => url.endsWith('/sound.js'))).toHaveLength(1);
});

test('of several tabs only one is heard', async ({ host, page, server }) => {
  const notes = [await countNotes(page)];
  await begin(host);
  const robin = await Agent.create(server, 'Robin');
  const conversation = await robin.conversation();
  const second = await host.newTab();
  notes.push(await countNotes(second.page));
  await second.goto('second');
  await second.open();
  await expect(second.panel.text('Hello')).toBeVisible();
  const nNotes = () => notes.reduce((sum, n) => sum + n(), 0);

  await second.panel.closeButton.click();
  await page.bringToFront();
  await host.panel.closeButton.click();
  await robin.say(conversation, 'Unseen');
  await expect(second.launcher).toHaveAccessibleName('Open chat, 1 unread message');
  await expect.poll(nNotes).toBe(2);
});
