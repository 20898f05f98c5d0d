// Calls an API on another origin from a page, with a generated client.
export default async ({ page, args }) => {
  await page.goto(args.page);
  return page.evaluate(async ({ base, key }) => {
    const { AcmeClient, ApiError } = await import("./acme.js");
    const api = new AcmeClient({ baseUrl: base, key });
    const sent = await api.sendMessage({ body: { text: "from a browser" } });
    const listed = await api.listMessages({ limit: 100 });
    let status = 0;
    try {
      await new AcmeClient({ baseUrl: base, key: "kw_live_wrong" }).me();
    } catch (error) {
      if (error instanceof ApiError) status = error.status;
    }
    return { found: listed.items.some((one) => one.id === sent.id), status, printed: String(api) };
  }, args);
};
