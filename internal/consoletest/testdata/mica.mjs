// A stranger registers for a key to Trusset's MiCA register, without a script too.
import { press } from './lib.mjs';
import { steps, world } from './steps.mjs';

export default async ({ open, args, assert, looks, tell }) => {
  const { step, run } = steps(tell);
  const { call } = world(args.hand);
  const look = async (name, page) => { if (args.look) await looks(name, page); };
  const issuers = async (header) => (await call({ url: `${args.base}/api/mica/v1/issuers`, header })).status;
  const register = async (page) => {
    await page.getByLabel('E-mail address').fill('compliance@example.com');
    await press(page, 'Register');
    await page.getByText('Store both now: they are shown this once').waitFor();
    return { key: await page.locator('#value-0').textContent(), token: await page.locator('#value-1').textContent() };
  };

  return run(async () => {
    const page = await open();
    await step('TRS-29', 'the page is public', async () => {
      await page.goto(args.site + '/mica-register');
      await page.getByRole('heading', { name: 'Register for an API key' }).waitFor();
      await page.getByText('Registration is free, and open to anybody.').waitFor();
      await look('register', page);
      await page.getByLabel('E-mail address').fill('nobody@nowhere');
      await press(page, 'Register');
      await page.getByText('such as name@example.org').waitFor();
      await look('register-wrong', page);
    });
    let made;
    await step('TRS-30', 'both of them', async () => {
      made = await register(page);
      assert.match(made.key, /^trusset_mica_[0-9a-f]{64}$/);
      assert.match(made.token, /^trusset_mgmt_[0-9a-f]{64}$/);
      await look('registered', page);
    });
    await step('TRS-34', 'store both', async () => {
      await page.getByText('Store both now').waitFor();
      await page.getByRole('link', { name: 'I have stored both' }).waitFor();
      await page.getByRole('button', { name: 'Copy both' }).waitFor();
    });
    await step('TRS-31', 'data', async () => {
      await page.getByText('send it as X-API-Key with each request for data').waitFor();
      assert.equal(await issuers({ 'X-API-Key': made.key }), 200);
      assert.equal(await issuers({ 'X-API-Key': made.token }), 401);
    });
    await step('TRS-32', 'rotating and revoking', async () => {
      await page.getByText('send it as Authorization: Bearer').waitFor();
      const address = async (act) => (await page.locator(`#manage-${act}`).textContent()).match(/http\S+/)[0];
      const [rotate, revoke] = [await address('rotate'), await address('revoke')];
      const header = { Authorization: `Bearer ${made.token}` };
      const turned = await call({ method: 'POST', url: rotate, header });
      assert.equal(turned.status, 201, turned.body);
      const next = JSON.parse(turned.body).credential.key;
      assert.equal(await issuers({ 'X-API-Key': made.key }), 401);
      assert.equal(await issuers({ 'X-API-Key': next }), 200);
      assert.equal((await call({ method: 'POST', url: revoke, header })).status, 200);
      assert.equal(await issuers({ 'X-API-Key': next }), 401);
    });
    await step('TRS-33', 'never again', async () => {
      await page.reload(); // which sends the form again
      await page.getByRole('heading', { name: 'This form was used already' }).waitFor();
      assert.ok(!(await page.content()).includes(made.key) && !(await page.content()).includes(made.token));
      await look('register-again', page);
      const plain = await open({ javaScript: false });
      await plain.goto(args.site + '/mica-register');
      const second = await register(plain);
      assert.notEqual(second.key, made.key);
      assert.equal(await issuers({ 'X-API-Key': second.key }), 200);
    });
  });
};
