/** A credential, or a function that gets it: from a secrets manager, say. */
export type Credential = string | (() => string | Promise<string>);

interface Place {
  header: string;
  word: string;
  query: string;
  basic: string;
  beside: string;
}

/** How a client is made. */
export interface ClientOptions extends Credentials {
  /** Where the API is. */
  baseUrl?: string;
  /** Instead of the global fetch. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** How long one attempt may take, its answer included; 30 seconds unless given. */
  timeoutMs?: number;
  /** How often a harmless request is sent again after 429, 503 or a lost connection; 2 unless given. */
  retries?: number;
  /** The longest wait that a Retry-After may ask for; 30 seconds unless given. */
  maxWaitMs?: number;
  /** Allows http:// to another machine: everybody on the way can read the credential. */
  plainHttp?: boolean;
}

/** What every call takes beside its parameters. */
export interface RequestOptions {
  signal?: AbortSignal;
  timeoutMs?: number;
  retries?: number;
  /** Ties the repeats of one request together, so that it may be sent again. */
  idempotencyKey?: string;
  /** The ETag of what you saw: guards against overwriting another's change. */
  ifMatch?: string;
  /** More headers; none of them replaces the credential. */
  headers?: Record<string, string>;
  /** Is shown the answer, whose body it must leave alone: for its headers. */
  onResponse?: (response: Response) => void;
}

/** A refusal. It never holds the credential. */
export class ApiError extends Error {
  readonly status: number;
  /** The API's own code, where its errors have one; else "". */
  readonly code: string;
  /** The body: of the documented shape, or as text if it is not JSON. */
  readonly body: ErrorBody | string | undefined;
  /** From X-Request-Id, where the API sends it; else "". */
  readonly requestId: string;
  /** What Retry-After asks for. */
  readonly retryAfterMs: number | undefined;

  constructor(method: string, path: string, response: Response, body: unknown) {
    const code = find(body, ["code", "error_type", "error"]);
    const message = find(body, ["message", "detail", "error_message", "title", "error_description"]);
    super(`${method} ${path}: ${response.status}${code ? ` ${code}` : ""}${message ? `: ${message}` : ""}`);
    this.name = "ApiError";
    this.status = response.status;
    this.code = code;
    this.body = body as ErrorBody | string | undefined;
    this.requestId = response.headers.get("X-Request-Id") ?? "";
    this.retryAfterMs = retryAfter(response);
  }
}

/** No answer came: the connection failed, or the time was up. */
export class ConnectionError extends Error {
  readonly timedOut: boolean;

  constructor(method: string, path: string, why: string, timedOut: boolean) {
    super(`${method} ${path}: ${why}`);
    this.name = "ConnectionError";
    this.timedOut = timedOut;
  }
}

/** Finds a text of an error's body, at its top or under "error". */
function find(body: unknown, names: string[]): string {
  for (const at of [body, (body as { error?: unknown } | null | undefined)?.error]) {
    if (typeof at !== "object" || at === null) continue;
    for (const name of names) {
      const value = (at as Record<string, unknown>)[name];
      if (typeof value === "string" && value !== "") return value.slice(0, 500);
    }
  }
  return "";
}

function retryAfter(response: Response): number | undefined {
  const value = response.headers.get("Retry-After");
  if (value === null || value.trim() === "") return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** A parameter: its name, its value, and whether a list is one text with commas. */
type Given = [name: string, value: unknown, commas?: boolean];

interface Call {
  method: string;
  path: string;
  needs: Slot[][];
  reads: string;
  accept: string;
  query?: Given[];
  header?: Given[];
  pathValues?: Given[];
  body?: unknown;
  json?: boolean;
  media?: string;
}

function spelled(value: unknown): string {
  return typeof value === "object" && value !== null && !(value instanceof Date) ? JSON.stringify(value) : value instanceof Date ? value.toISOString() : String(value);
}

/** Puts the values into a path. A value that would make it another path is refused. */
function filled(path: string, values: Given[]): string {
  for (const [name, value] of values) {
    const text = value === undefined || value === null ? "" : spelled(value);
    if (text === "" || text === "." || text === "..") throw new TypeError(`${name}: "${text}" cannot stand in a path`);
    path = path.split(`{${name}}`).join(encodeURIComponent(text));
  }
  return path;
}

function thisMachine(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function harmless(method: string): boolean {
  return ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"].includes(method);
}

/** What all clients do; the credentials stand in a private field that nothing prints. */
abstract class Base {
  readonly #credentials: Credentials;
  readonly #options: ClientOptions;
  readonly #base: string;

  constructor(options: ClientOptions) {
    const { baseUrl = DEFAULT_BASE } = options;
    let url: URL;
    try {
      url = new URL(baseUrl);
    } catch {
      throw new TypeError("baseUrl: give the API's address, such as https://api.example.com");
    }
    if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "" || !["http:", "https:"].includes(url.protocol)) {
      throw new TypeError("baseUrl: give an address with neither user, query nor fragment");
    }
    if (url.protocol === "http:" && !options.plainHttp && !thisMachine(url.hostname)) {
      throw new TypeError("baseUrl: http:// would show the credential to everybody on the way: use https://");
    }
    this.#base = url.href.replace(/\/+$/, "");
    this.#options = { ...options };
    this.#credentials = {};
    for (const slot of Object.keys(PLACES) as Slot[]) {
      if (options[slot] !== undefined) this.#credentials[slot] = options[slot];
      delete this.#options[slot];
    }
  }

  toString(): string {
    return `${CLASS}(${this.#base})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** Puts the credentials of the first alternative that the client holds into a request. */
  async #authenticate(needs: Slot[][], headers: Record<string, string>, query: URLSearchParams): Promise<void> {
    if (needs.length === 0) return;
    const chosen = needs.find((all) => all.every((slot) => this.#credentials[slot] !== undefined));
    if (chosen === undefined) {
      throw new TypeError(`this operation needs ${needs.map((all) => all.join(" and ")).join(", or ")}: give it to the constructor`);
    }
    for (const slot of chosen) {
      const held = this.#credentials[slot];
      const value = typeof held === "function" ? await held() : held;
      const place = PLACES[slot];
      // Of a whole header, as of a key that the API reads in a way of its own, the word is a part.
      const fits = place.header === "Authorization" && place.word === "" && place.basic === "" ? /^[\x21-\x7e]+( [\x21-\x7e]+)?$/ : /^[\x21-\x7e]+$/;
      if (typeof value !== "string" || !fits.test(value)) {
        throw new TypeError(`${slot}: a credential is visible ASCII without spaces: look for a line end that was pasted with it`);
      }
      if (place.query !== "") query.set(place.query, value);
      else if (place.basic === "user") headers[place.header] = `Basic ${btoa(`${value}:${place.beside}`)}`;
      else if (place.basic === "password") headers[place.header] = `Basic ${btoa(`${place.beside}:${value}`)}`;
      else headers[place.header] = place.word === "" ? value : `${place.word} ${value}`;
    }
  }

  async #request(call: Call, options: RequestOptions): Promise<[string, RequestInit]> {
    const headers: Record<string, string> = { Accept: call.accept };
    for (const [name, value] of call.header ?? []) {
      if (value !== undefined && value !== null) headers[name] = spelled(value);
    }
    const query = new URLSearchParams();
    for (const [name, value, commas] of call.query ?? []) {
      const list = !Array.isArray(value) ? [value] : commas ? [value.map(spelled).join(",")] : value;
      for (const one of list) {
        if (one !== undefined && one !== null) query.append(name, spelled(one));
      }
    }
    const init: RequestInit = { method: call.method, redirect: "manual", credentials: "omit" };
    if (call.body !== undefined) {
      headers["Content-Type"] = call.media ?? "application/json";
      init.body = call.json ? JSON.stringify(call.body) : (call.body as BodyInit);
    }
    if (options.idempotencyKey !== undefined) headers["Idempotency-Key"] = options.idempotencyKey;
    if (options.ifMatch !== undefined) headers["If-Match"] = options.ifMatch;
    for (const [name, value] of Object.entries(COMPANIONS)) {
      // A browser names itself, and takes no other name.
      if (name.toLowerCase() !== "user-agent" || !("document" in globalThis)) headers[name] = value;
    }
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      for (const same of Object.keys(headers)) {
        if (same.toLowerCase() === name.toLowerCase()) delete headers[same];
      }
      const credential = Object.values(PLACES).some((place) => place.header.toLowerCase() === name.toLowerCase());
      if (!credential) headers[name] = value;
    }
    await this.#authenticate(call.needs, headers, query);
    init.headers = headers;
    const search = query.toString();
    return [this.#base + filled(call.path, call.pathValues ?? []) + (search === "" ? "" : `?${search}`), init];
  }

  /** Sends a request, again if that is harmless, and reads the answer. */
  protected async call<T>(call: Call, options: RequestOptions): Promise<T> {
    const [url, init] = await this.#request(call, options);
    const repeatable = (harmless(call.method) || options.idempotencyKey !== undefined) && (call.json || call.body === undefined || typeof call.body === "string");
    const retries = repeatable ? (options.retries ?? this.#options.retries ?? 2) : 0;
    for (let attempt = 0; ; attempt++) {
      let wait = 200 * 2 ** attempt;
      try {
        return (await this.#attempt(call, options, url, init)) as T;
      } catch (error) {
        const again = error instanceof ConnectionError || (error instanceof ApiError && (error.status === 429 || error.status === 503));
        if (error instanceof ApiError && error.retryAfterMs !== undefined) wait = error.retryAfterMs;
        if (!again || attempt >= retries || options.signal?.aborted || wait > (this.#options.maxWaitMs ?? 30_000)) throw error;
      }
      await paused(wait, options.signal);
    }
  }

  async #attempt(call: Call, options: RequestOptions, url: string, init: RequestInit): Promise<unknown> {
    options.signal?.throwIfAborted();
    const abort = new AbortController();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      abort.abort();
    }, options.timeoutMs ?? this.#options.timeoutMs ?? 30_000);
    const stop = (): void => abort.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", stop, { once: true });
    let kept = false;
    try {
      const send = this.#options.fetch ?? ((to: string, what: RequestInit) => fetch(to, what));
      const response = await send(url, { ...init, signal: abort.signal });
      options.onResponse?.(response);
      if (!response.ok) throw new ApiError(call.method, call.path, response, parsed(await response.text()));
      if (call.reads === "response") {
        kept = true; // the caller reads it, and ends it by the signal
        return response;
      }
      const text = await response.text();
      if (call.reads === "text") return text;
      return text === "" ? undefined : JSON.parse(text);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      options.signal?.throwIfAborted();
      if (timedOut) throw new ConnectionError(call.method, call.path, "no answer in time", true);
      if (error instanceof SyntaxError) throw new ConnectionError(call.method, call.path, "the answer is not JSON", false);
      // Neither the address nor the headers: what fetch says may hold them.
      const cause = (error as { cause?: { code?: unknown } } | null)?.cause?.code;
      throw new ConnectionError(call.method, call.path, `no answer${typeof cause === "string" ? ` (${cause})` : ""}`, false);
    } finally {
      clearTimeout(timer);
      if (!kept) options.signal?.removeEventListener("abort", stop);
    }
  }
}

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function paused(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
