import { expect, test } from '../fixtures.ts';
import { Agent } from '../support/agent.ts';
import { png } from '../support/files.ts';

test.use({ mockScript: 'quiet.toml' });

const AVATAR = 'https://pictures.example/robin.png';

test("an agent's picture, name and presence are in the header, and the picture beside their messages", async ({
  host,
  page,
  server,
}) => {
  await page.route(AVATAR, (route) => route.fulfill({ contentType: 'image/png', body: png('robin', 64, 64).buffer }));
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello');
  await panel.expectStored('Hello');
  const robin = await Agent.create(server, 'Robin', AVATAR);
  await robin.setStatus('live');
  const conversation = await robin.conversation();
  await robin.take(conversation);
  await robin.sayAll(conversation, ['One', 'Two']);

  await expect(panel.frame.locator('#line')).toHaveText('Robin · Online');
  await expect(panel.frame.locator('#avatar img')).toHaveAttribute('src', AVATAR);
  await expect(panel.message('One').locator('.face img')).toBeVisible();
  await expect(panel.message('Two').locator('.face')).toBeHidden();
  await expect(panel.message('One')).toContainText('Robin');
});

test('where there is no picture, or it fails to load, the first letter of the name is shown', async ({
  host,
  page,
  server,
}) => {
  let isAsked = false;
  await page.route(AVATAR, (route) => {
    isAsked = true;
    return route.abort();
  });
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello');
  await panel.expectStored('Hello');
  const [robin, sam] = [await Agent.create(server, 'Robin', AVATAR), await Agent.create(server, 'Sam')];
  const conversation = await robin.conversation();
  await robin.take(conversation);
  await robin.say(conversation, 'One');
  await sam.say(conversation, 'Two');
  await expect(panel.message('Two').locator('.face')).toHaveText('S');
  await expect(panel.message('One').locator('.face')).toHaveText('R');
  await expect.poll(() => isAsked).toBe(true);
  await expect(panel.frame.locator('#avatar')).toHaveText('R');
  await expect(panel.frame.locator('#avatar img, .face img')).toHaveCount(0);
});

test('before anybody has the conversation the header shows the logo', async ({ host, page, server }) => {
  const logo = 'https://pictures.example/logo.png';
  await page.route(logo, (route) => route.fulfill({ contentType: 'image/png', body: png('logo', 64, 64).buffer }));
  await page.route('**/panel/**', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('"heading":', `"logo_url":"${logo}","heading":`);
    await route.fulfill({ response, body });
  });
  await host.goto();
  await host.open();
  await expect(host.panel.frame.locator('#avatar img')).toHaveAttribute('src', logo);
  expect(server.origin).not.toBe(new URL(logo).origin);
});

test('an agent hears through the API that the visitor types, and that what they said was read', async ({
  host,
  server,
}) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello');
  await panel.expectStored('Hello');
  const robin = await Agent.create(server, 'Robin');
  const conversation = await robin.conversation();
  const stream = await robin.listen();
  await panel.composer.pressSequentially('Well');
  const typing = { name: 'typing', data: { conversation_id: conversation, by: 'customer', name: null, typing: true } };
  await expect.poll(() => stream.events).toContainEqual(typing);
  await robin.say(conversation, 'Yes?');
  await expect
    .poll(() => stream.events.filter(({ name }) => name === 'receipt').map(({ data }) => `${data.state} by ${data.by}`))
    .toContain('read by customer');
  stream.end();
});
