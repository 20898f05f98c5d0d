// Trustifi's users: one who has a pair already, and one who is new and has none.
import { signIn, signOut, prove, press } from './lib.mjs';
import { steps, world } from './steps.mjs';

export default async ({ open, args, assert, looks, axe, shot, tell }) => {
  const { step, run } = steps(tell);
  const { call, travel } = world(args.hand);
  const me = (key, secret) => call({ url: `${args.base}/api/i/v1/me`, header: { ...(key && { 'x-trustifi-key': key }), ...(secret && { 'x-trustifi-secret': secret }) } });
  const status = async (key, secret) => (await me(key, secret)).status;
  const page = await open();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const look = (name, at = page) => (args.look ? looks(name, at) : null);
  const toggle = (at = page) => at.getByRole('switch', { name: 'API key and secret' });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const shown = async () => [await page.locator('#value-0').textContent(), await page.locator('#value-1').textContent()];
  const password = 'seven small lanterns on a quay';

  return run(async () => {
    // A newcomer, from the invitation to a first call.
    await page.goto(args.invitation);
    await page.getByLabel('Your name').fill('Newcomer');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await press(page, 'Accept the invitation');
    await page.getByText('You are in.').waitFor();
    await look('home');

    await step('TFI-11', 'the profile at the top right', async () => {
      const face = page.getByRole('button', { name: /^Profile of/ });
      const box = await face.boundingBox();
      assert.ok(box.x > 1280 / 2 && box.y < 120, `the profile stands at ${box.x}, ${box.y}`);
      const settings = page.getByRole('link', { name: 'Account settings' });
      const away = () => page.mouse.move(300, 500);
      // Hover.
      await settings.waitFor({ state: 'hidden' });
      await face.hover();
      await settings.waitFor();
      assert.equal(await face.getAttribute('aria-expanded'), 'true');
      await away();
      await settings.waitFor({ state: 'hidden' });
      // Focus, by the keyboard alone.
      await page.locator('body').press('Tab');
      for (let i = 0; i < 12 && !(await face.evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press('Tab');
      await settings.waitFor();
      await page.keyboard.press('Escape');
      await settings.waitFor({ state: 'hidden' });
      await page.evaluate(() => document.activeElement.blur());
      // Click, which leaves it open when the mouse goes away.
      await face.click();
      await away();
      await settings.waitFor();
      await look('profile');
      await page.mouse.click(300, 500);
      await settings.waitFor({ state: 'hidden' });
      // Tap.
      const phone = await open({ width: 390, height: 844, touch: true, storage: await page.context().storageState() });
      await phone.goto(`${args.site}/account`);
      await phone.getByRole('button', { name: /^Profile of/ }).tap();
      await phone.getByRole('link', { name: 'Account settings' }).waitFor();
      await phone.getByRole('button', { name: /^Profile of/ }).tap();
      await phone.getByRole('link', { name: 'Account settings' }).waitFor({ state: 'hidden' });
      await phone.context().close();
      await face.hover();
      await settings.click();
      await page.getByRole('heading', { name: 'Account settings', level: 1 }).waitFor();
      await look('settings');
    });

    await page.getByLabel('Name').fill('Nell');
    await press(page, 'Save the name');
    await page.getByRole('status').getByText('Your name is changed.').waitFor();
    await page.getByRole('button', { name: 'Profile of Nell' }).waitFor();

    await step('TFI-12', 'its API tab', async () => {
      await page.getByRole('navigation', { name: 'Account settings' }).getByRole('link', { name: 'API', exact: true }).click();
      await toggle().waitFor();
      assert.equal(new URL(page.url()).pathname, '/account/settings/api');
    });
    await step('TFI-10', 'the search', async () => {
      await page.goto(`${args.site}/account`);
      await page.keyboard.press('/');
      await page.keyboard.type('API');
      const found = page.locator('[data-found]');
      await found.getByRole('link', { name: /^API\b/ }).first().waitFor();
      if (args.look) await shot('searching', page); await axe(page, { disable: ['target-size'] }); // what lies below the list is covered
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await toggle().waitFor();
      assert.equal(new URL(page.url()).pathname, '/account/keys');
      await page.keyboard.press('Control+k');
      await page.keyboard.type('api');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Search', level: 1 }).waitFor();
      await look('search');
      await page.getByRole('link', { name: /^Account settings: API/ }).click();
      await toggle().waitFor();
    });

    let key; let secret;
    await step('TFI-13', 'the toggle', async () => {
      await look('off');
      assert.equal(await toggle().getAttribute('aria-checked'), 'false');
      assert.equal(await page.locator('#value-0').count(), 0);
      const [box, main] = [await toggle().boundingBox(), await page.locator('main').boundingBox()];
      assert.ok(Math.abs(box.x + box.width / 2 - (main.x + main.width / 2)) < 24, 'it is not in the middle');
      await toggle().focus();
      await page.keyboard.press('Space');
      await page.getByText('Copy both now').waitFor();
      [key, secret] = await shown();
      assert.match(key, /^[0-9a-f]{48}$/);
      assert.match(secret, /^[0-9a-f]{32}$/);
      await look('on');
    });
    await step('TFI-14', 'as headers', async () => assert.equal(await status(key, secret), 200));
    await step('TFI-15', 'the key', async () => assert.equal(await status('', secret), 401));
    await step('TFI-16', 'the secret', async () => assert.equal(await status(key, ''), 401));
    await step('TFI-09', 'as themselves', async () => assert.match((await me(key, secret)).body, /newcomer@trustifi\.example/));

    await step('TFI-17', 'copy both', async () => {
      await press(page, 'Copy both');
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      assert.equal(await copied(), `${key}\n${secret}`);
      // Later the secret is masked, and one click copies both while a proof is fresh.
      await page.goto(`${args.site}/account/settings/api`);
      await page.getByText('The secret is hidden.').waitFor({ state: 'attached' });
      assert.ok(!(await page.content()).includes(secret));
      await page.evaluate(() => navigator.clipboard.writeText('nothing'));
      await press(page, 'Copy both');
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      assert.equal(await copied(), `${key}\n${secret}`);
      assert.ok(!(await page.content()).includes(secret));
      await look('masked');
      // Later still, who sits there is asked first.
      await travel('6m');
      await press(page, 'Copy both');
      await prove(page, { password });
      await page.getByText('For five minutes').waitFor();
      await look('proved');
      await press(page, 'Copy both');
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      assert.equal(await copied(), `${key}\n${secret}`);
      await press(page, 'Reveal');
      await page.locator('#value-1').waitFor();
      assert.deepEqual(await shown(), [key, secret]);
      await look('revealed');
    });
    await step('TFI-22', 'the documentation', async () => {
      const docs = page.getByRole('link', { name: 'API documentation' });
      const [at, ends] = [await docs.boundingBox(), await page.locator('main').boundingBox()];
      assert.ok(ends.y + ends.height - at.y < 140, 'it is not at the bottom');
      await docs.click();
      await page.getByRole('link', { name: 'Send a mail' }).first().click();
      await page.getByText('x-trustifi-secret').first().waitFor();
    });
    await step('TFI-23', 'its link', async () => {
      await page.goto(`${args.site}/account/settings/api`);
      assert.equal(await page.locator('main a').last().textContent(), 'API documentation');
    });

    const old = secret;
    await step('TFI-18', 'regenerate', async () => {
      const [button, value] = [await page.getByRole('link', { name: 'Regenerate' }).boundingBox(), await page.locator('.masked').boundingBox()];
      assert.ok(Math.abs(button.y + button.height / 2 - (value.y + value.height / 2)) < 12, 'it is not beside the secret');
      await press(page, 'Regenerate', 'link');
    });
    await step('TFI-21', 'told beforehand', async () => {
      await page.getByText('Existing requests will fail.').waitFor();
      assert.equal(await status(key, old), 200);
      await look('regenerate');
      await press(page, 'Regenerate the secret');
      await page.getByText('Copy both now').waitFor();
    });
    await step('TFI-19', 'the key stays', async () => {
      const [same, next] = await shown();
      assert.equal(same, key);
      assert.notEqual(next, old);
      secret = next;
      assert.equal(await status(key, next), 200);
    });
    await step('TFI-20', 'the old secret fails', async () => assert.equal(await status(key, old), 401));

    await step('TFI-13', 'off again', async () => {
      await page.goto(`${args.site}/account/settings/api`);
      await toggle().click();
      await page.getByRole('heading', { name: 'Switch the API off?' }).waitFor();
      await page.getByText('Existing requests will fail at once').waitFor();
      await page.getByLabel('To go on').fill('nonsense');
      await press(page, 'Switch off, and end both');
      await page.getByText('That is not it').waitFor();
      assert.equal(await status(key, secret), 200);
      await look('switch-off');
      await page.getByLabel('To go on').fill(await page.locator('label[for=f-confirm] code').textContent());
      await press(page, 'Switch off, and end both');
      await page.getByRole('status').getByText('The API is switched off.').waitFor();
      assert.equal(await toggle().getAttribute('aria-checked'), 'false');
      assert.equal(await status(key, secret), 401);
      assert.ok(!(await page.content()).includes(key));
    });
    await step('TFI-08', 'one each', async () => {
      await toggle().click();
      await page.getByText('Copy both now').waitFor();
      const [next] = await shown();
      assert.notEqual(next, key);
      // Made in another window meanwhile: there is one, and stays one.
      await page.goto(`${args.site}/account/keys/new`);
      assert.equal(await page.getByRole('button', { name: 'Generate key and secret' }).count(), 0);
      await page.goto(`${args.site}/account/developer`);
      // What was called before: with the pair, with a secret that was replaced, and with a pair that is off.
      await page.locator('#use svg').waitFor();
      await page.getByRole('row', { name: /The key, or its secret, was replaced/ }).waitFor();
      await page.getByRole('row', { name: /The key is revoked/ }).waitFor();
      await look('developer');
      await signOut(page);
      // Another user has another.
      await signIn(page, args, '/account/keys');
      await toggle().waitFor();
      const hers = await page.locator('#value-0').textContent();
      assert.notEqual(hers, next);
      assert.ok(!(await page.content()).includes(next));
      await press(page, 'More about this key', 'link');
      await page.getByRole('heading', { name: 'Key and secret' }).waitFor();
      await look('key');
    });
  });
};
