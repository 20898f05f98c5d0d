import { ApiError, TrustSwiftlyClient } from "./trust-swiftly.js";

const api = new TrustSwiftlyClient({
  key: process.env.TRUST_SWIFTLY_API_KEY!,
  baseUrl: process.env.TRUST_SWIFTLY_URL!,
});

const made = await api.createUser({ body: { email: "ada@example.com", first_name: "Ada" } });
const user = await api.getUser({ id: made.id });
console.log(user.email);

import { TrustifiClient } from "./trustifi.js";
import { KeywrightClient } from "./management.js";

const mail = new TrustifiClient({
  key: process.env.TRUSTIFI_KEY!,
  secret: async () => process.env.TRUSTIFI_SECRET!, // or from a secrets manager
  baseUrl: process.env.TRUSTIFI_URL!,
});
console.log((await mail.me()).email);

try {
  await api.createUser({ body: { email: "no address" } });
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  console.log(error.status, error.code);
}

const keywright = new KeywrightClient({ key: process.env.KEYWRIGHT_KEY!, baseUrl: process.env.KEYWRIGHT_SERVER! });
await keywright.createTenant({ body: { ref: "from-the-guide" } });
let etag = "";
const key = await keywright.createKey(
  { body: { tenant: "from-the-guide", scheme: "keywright", environment: "live" } },
  { idempotencyKey: "one-key-and-no-second", timeoutMs: 5_000, onResponse: (answer) => { etag = answer.headers.get("ETag") ?? ""; } },
);
await keywright.amendKey({ id: key.id, body: { name: "CI" } }, { ifMatch: etag, signal: AbortSignal.timeout(10_000) });
console.log((await keywright.getKey({ id: key.id })).name);
