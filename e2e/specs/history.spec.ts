import { expect, test } from '../fixtures.ts';
import { Agent } from '../support/agent.ts';
import { VisitorApi } from '../support/visitor-api.ts';

test.describe('in a conversation where nothing moves by itself', () => {
  test.use({ mockScript: 'quiet.toml' });

  test('scrolling up loads older messages, and what one was reading stays where it was', async ({ host, page }) => {
    await host.goto();
    await host.open();
    const { panel } = host;
    const api = await VisitorApi.of(page, async () => {
      await panel.send('The first');
      await panel.expectStored('The first');
      await panel.send('number 0');
      await panel.expectStored('number 0');
    });
    for (let n = 1; n <= 78; n += 1) await api.send(`number ${n}`);

    await page.reload();
    await expect(panel.text('number 78')).toBeInViewport();
    await expect(panel.text('The first')).toHaveCount(0);

    // Older messages are held back until it is known what stands where.
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    let isAsked = false;
    await page.route('**/messages?*before=*', async (route) => {
      isAsked = true;
      await released;
      await route.continue();
    });
    // A turn of the wheel in the moment in which the list is filled is lost; a visitor turns it again.
    await expect(async () => {
      await panel.scroll(-100_000);
      expect(isAsked).toBe(true);
    }).toPass();
    const first = panel.conversation.getByText(/^number \d+$/).first();
    const text = (await first.textContent()) ?? '';
    const number = Number(text.split(' ')[1]);
    const before = await panel.text(text).boundingBox();

    release();
    await expect(panel.text(`number ${number - 10}`)).toBeAttached();
    const after = await panel.text(text).boundingBox();
    expect(before).not.toBeNull();
    expect(after).not.toBeNull();
    // Less than the height of a message: a line that says "loading" may go away above it.
    expect(Math.abs(after!.y - before!.y)).toBeLessThan(40);

    await test.step('and so on up to the first message, each once and in order', async () => {
      await expect(async () => {
        await panel.scroll(-100_000);
        await expect(panel.text('The first')).toBeInViewport({ timeout: 500 });
      }).toPass();
      const texts = await panel.conversation.getByText(/^(number \d+|The first)$/).allTextContents();
      expect(texts).toEqual(['The first', ...Array.from({ length: 79 }, (_, n) => `number ${n}`)]);
    });
  });

  test('who comes back to more than fits sees where the unread ones begin, and stays there', async ({ host, page, server }) => {
    await host.goto();
    await host.open();
    const { panel } = host;
    await panel.send('Hello');
    await panel.expectStored('Hello');
    const robin = await Agent.create(server, 'Robin');
    const conversation = await robin.conversation();
    await page.goto('about:blank');
    await robin.sayAllAtOnce(conversation, Array.from({ length: 25 }, (_, n) => `number ${n}`));
    await host.goto();
    await expect(panel.newLine).toBeInViewport();
    const jump = panel.frame.getByRole('button', { name: /Jump to newest/ });
    await expect(jump).toBeVisible();
    await page.setViewportSize({ width: 1280, height: 700 });
    await expect(panel.newLine).toBeInViewport();
    await jump.click();
    await expect(panel.newLine).not.toBeInViewport();
    await expect(jump).toBeHidden();
  });

  test('a message that arrives while one reads further up does not move the page', async ({ host, page }) => {
    await host.goto();
    await host.open();
    const { panel } = host;
    const api = await VisitorApi.of(page, async () => {
      await panel.send('The first');
      await panel.expectStored('The first');
      await panel.send('number 0');
      await panel.expectStored('number 0');
    });
    for (let n = 1; n <= 24; n += 1) await api.send(`number ${n}`);
    await expect(panel.text('number 24')).toBeInViewport();

    await panel.scroll(-100_000);
    await expect(panel.text('The first')).toBeInViewport();
    const before = await panel.text('The first').boundingBox();
    await api.send('The newest');
    await expect(panel.text('The newest')).toBeAttached();
    await expect(panel.text('The newest')).not.toBeInViewport();
    expect(await panel.text('The first').boundingBox()).toEqual(before);
  });
});

test('a line stands before what came while the panel was closed', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();
  await expect(panel.conversation.getByText('New messages')).toHaveCount(0);

  await panel.sendAndLeave('several');
  await expect(host.launcher).toHaveAccessibleName('Open chat, 3 unread messages');
  await host.open();
  await expect(panel.conversation.getByText('New messages')).toBeVisible();
  await expect(host.launcher).toHaveAccessibleName('Close chat');

  await host.launcher.click();
  await expect(host.launcher).toHaveAccessibleName('Open chat');
});

test('every day begins with its name', async ({ host }) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await expect(host.panel.conversation.getByText('Today')).toBeVisible();
});
