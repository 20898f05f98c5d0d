export default async ({ page, open, args, assert, axe, shot, looks, requests, tell }) => {
  await page.goto(args.site + '/');
  assert.equal(await page.locator('h1').textContent(), 'Hello');
  await axe();
  await shot('tour');
  await looks('hello');
  await page.goto(args.site + '/gone'); // a page that answers 404 is no error of the console
  const plain = await open({ javaScript: false, colorScheme: 'dark', width: 390 });
  await plain.goto(args.site + '/');
  tell('seen ' + requests.length);
  return { title: await page.title(), hosts: [...new Set(requests.map((r) => new URL(r.url).hostname))] };
};
