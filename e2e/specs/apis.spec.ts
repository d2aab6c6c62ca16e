import { expect, test } from '../fixtures.ts';
import { Apis } from '../support/apis.ts';

// An agent who never answers by himself: what appears in the panel came through an API.
test.use({ mockScript: 'quiet.toml' });

/** A message that was sent through an API is in the open panel before this. */
const AT_ONCE = { timeout: 1000 };

test('what is said through each of the four APIs appears in the open panel, and the visitor’s answer in all four', async ({
  host,
  server,
}) => {
  const apis = new Apis(server);
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Is the harbour lamp there?');
  await panel.expectStored('Is the harbour lamp there?');
  const names = await apis.conversation();

  await apis.sayByPantheon(names, 'It is, by Pantheon.');
  await expect(panel.text('It is, by Pantheon.')).toBeVisible(AT_ONCE);
  await apis.sayByPact(names, 'In brass, by Pact.');
  await expect(panel.text('In brass, by Pact.')).toBeVisible(AT_ONCE);
  await apis.sayByPingback(names, 'And in steel, by Pingback.');
  await expect(panel.text('And in steel, by Pingback.')).toBeVisible(AT_ONCE);
  await apis.sayByIris(names, 'Shall I keep one, by iRiS?');
  await expect(panel.text('Shall I keep one, by iRiS?')).toBeVisible(AT_ONCE);

  await panel.send('Yes please 🪔');
  await panel.expectStored('Yes please 🪔');
  const all = [
    'Is the harbour lamp there?',
    'It is, by Pantheon.',
    'In brass, by Pact.',
    'And in steel, by Pingback.',
    'Shall I keep one, by iRiS?',
    'Yes please 🪔',
  ];
  expect(await apis.texts(names)).toEqual({ pingback: all, pantheon: all, pact: all, iris: all });
});
