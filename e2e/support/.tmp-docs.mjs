// ../../../../tmp/looks/docs.mjs
import { chromium, expect as expect4 } from "@playwright/test";

// support/server.ts
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
var BIN = process.env.PORCHLIGHT_BIN ?? fileURLToPath(new URL("../../target/release/porchlight", import.meta.url));
var Server = class _Server {
  constructor(data, options, logFile) {
    this.data = data;
    this.options = options;
    this.log = createWriteStream(logFile);
  }
  data;
  options;
  child;
  log;
  demo;
  /** `mockScript` names a file of `scripts/`; without one the mock agent plays the server's own. */
  static async launch(logFile, mockScript) {
    const script = mockScript && fileURLToPath(new URL(`../scripts/${mockScript}`, import.meta.url));
    const options = script ? ["--mock-script", script] : [];
    const server = new _Server(await mkdtemp(path.join(tmpdir(), "porchlight-e2e-")), options, logFile);
    await server.start();
    return server;
  }
  /** `http://127.0.0.1:PORT`; stays the same over restarts. */
  get origin() {
    return this.running.base_url;
  }
  get widgetId() {
    return this.running.widget_id;
  }
  get demoPage() {
    return this.running.demo_page;
  }
  /** The demo company's names and credentials. */
  get credentials() {
    return this.running;
  }
  get running() {
    if (!this.demo) throw new Error("the server has not been started");
    return this.demo;
  }
  /** Starts the server, again on its old port if it had one, and comes back when it answers. */
  async start() {
    const listen = this.demo ? new URL(this.demo.base_url).host : "127.0.0.1:0";
    const demoFile = path.join(this.data, "demo.json");
    await rm(demoFile, { force: true });
    const child = spawn(BIN, ["serve", "--mock", "--listen", listen, "--data", this.data, ...this.options], {
      // The binary must need nothing from the directory it is run in.
      cwd: this.data,
      stdio: ["ignore", "pipe", "pipe"]
    });
    this.child = child;
    let failure;
    child.once("error", (error) => failure = `${BIN} can't be run: ${error.message}`);
    child.once("exit", (code, signal) => failure = `the server ended with ${code ?? signal}; see server.log`);
    child.stdout?.pipe(this.log, { end: false });
    child.stderr?.pipe(this.log, { end: false });
    for (let waited = 0; waited < 2e4; waited += 20) {
      if (failure) throw new Error(failure);
      const demo = await readFile(demoFile, "utf8").then(JSON.parse).catch(() => void 0);
      const ready = demo && await fetch(`${demo.base_url}/readyz`).catch(() => void 0);
      if (ready?.ok) {
        this.demo = demo;
        return;
      }
      await sleep(20);
    }
    throw new Error("the server was not ready after 20 s; see server.log");
  }
  /** Asks the running server for something by its command line, as an operator does, and gives what it answers. */
  async command(...words) {
    const { stdout } = await promisify(execFile)(BIN, [...words, "--data", this.data, "--json"]);
    return JSON.parse(stdout);
  }
  /** Ends the process: SIGKILL as a crash would, SIGTERM as an operator would. Comes back when it has ended. */
  async end(signal) {
    const child = this.child;
    this.child = void 0;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
  async dispose() {
    await this.end("SIGKILL");
    this.log.end();
    await rm(this.data, { recursive: true, force: true });
  }
};

// support/hosts.ts
import { once as once2 } from "node:events";
import { readFile as readFile2 } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath as fileURLToPath2 } from "node:url";
var PAGES = fileURLToPath2(new URL("../hosts/", import.meta.url));
var HostServer = class _HostServer {
  constructor(server, places) {
    this.server = server;
    this.places = places;
  }
  server;
  places;
  headers = /* @__PURE__ */ new Map();
  static async launch(chat) {
    const server = createServer();
    const hosts = new _HostServer(server, { ORIGIN: chat.origin, WIDGET_ID: chat.widgetId });
    server.on("request", (request, response) => {
      hosts.page(request.url ?? "/").then(
        ({ html, headers }) => {
          response.writeHead(200, {
            "content-type": "text/html; charset=utf-8",
            "cache-control": "no-store",
            ...headers
          });
          response.end(html);
        },
        () => {
          response.writeHead(204);
          response.end();
        }
      );
    });
    server.listen(0, "127.0.0.1");
    await once2(server, "listening");
    return hosts;
  }
  get port() {
    return this.server.address().port;
  }
  /** The site under a name that the demo widget allows. */
  get origin() {
    return `http://localhost:${this.port}`;
  }
  /** The same site under a name that the demo widget does not allow. */
  get foreignOrigin() {
    return `http://foreign.localhost:${this.port}`;
  }
  /** Sends these headers with a page from now on. `{{ORIGIN}}` in a value stands for the chat's origin. */
  setHeaders(page, headers) {
    this.headers.set(page, headers);
  }
  async page(url) {
    const name = /^\/([a-z-]+)(?:\?.*)?$/.exec(url)?.[1];
    if (!name) throw new Error("no such page");
    const html = await readFile2(`${PAGES}${name}.html`, "utf8");
    const headers = Object.entries(this.headers.get(name) ?? {});
    return {
      html: this.fill(html),
      headers: Object.fromEntries(headers.map(([header, value]) => [header, this.fill(value)]))
    };
  }
  fill(text) {
    return text.replace(/\{\{(\w+)\}\}/g, (_, place) => this.places[place] ?? "");
  }
  async dispose() {
    this.server.closeAllConnections();
    this.server.close();
    await once2(this.server, "close");
  }
};

// pages/host-page.ts
import { expect as expect2 } from "@playwright/test";

// pages/panel-page.ts
import { readFileSync } from "node:fs";
import { expect } from "@playwright/test";
function textsIn(language) {
  return JSON.parse(readFileSync(new URL(`../../widget/locales/${language}.json`, import.meta.url), "utf8"));
}
var PanelPage = class {
  constructor(page, frame, language = "en") {
    this.page = page;
    this.frame = frame;
    const { message, attach, emoji, send, close, conversation, files } = textsIn(language);
    this.composer = frame.getByRole("textbox", { name: message, exact: true });
    this.attachButton = frame.getByRole("button", { name: attach });
    this.emojiButton = frame.getByRole("button", { name: emoji, exact: true });
    this.picker = frame.getByRole("dialog", { name: emoji });
    this.lightbox = frame.locator("dialog.lightbox");
    this.sendButton = frame.getByRole("button", { name: send, exact: true });
    this.closeButton = frame.getByRole("button", { name: close });
    this.conversation = frame.getByRole("log", { name: conversation });
    this.notices = frame.getByRole("status").or(frame.getByRole("alert"));
    this.trouble = frame.locator("#trouble");
    this.problem = frame.locator("#problem");
    this.dots = frame.locator(".dots");
    this.newLine = frame.locator("#new");
    this.chips = frame.getByRole("list", { name: files }).getByRole("listitem");
    this.jumpButton = frame.locator("[name=jump]");
  }
  page;
  frame;
  composer;
  attachButton;
  emojiButton;
  /** The emoji picker. */
  picker;
  /** A picture over the panel. */
  lightbox;
  sendButton;
  closeButton;
  conversation;
  notices;
  /** What is wrong with the connection, and with what is in the composer. */
  trouble;
  problem;
  /** The dots of whoever is typing. */
  dots;
  newLine;
  jumpButton;
  chips;
  /** Types a message and sends it by Enter. */
  async send(text) {
    await this.composer.fill(text);
    await this.composer.press("Enter");
    await expect(this.composer).toHaveValue("");
  }
  /** Picks files as the browser's own dialogue would. */
  async attach(...files) {
    await this.frame.locator("input[type=file]").setInputFiles(files);
  }
  /** The files in the composer, or the one of this name. */
  chip(name) {
    return name === void 0 ? this.chips : this.chips.filter({ hasText: name });
  }
  /** Waits until a file in the composer has been uploaded. */
  async expectAttached(name) {
    await expect(this.chip(name)).toBeVisible();
    await expect(this.chip(name).getByRole("progressbar")).toBeHidden();
    await expect(this.chip(name)).not.toHaveClass(/failed/);
  }
  /** A picture in the conversation. */
  picture(name) {
    return this.conversation.getByRole("img", { name, exact: true });
  }
  /** A file in the conversation that is no picture. */
  file(name) {
    return this.conversation.getByRole("link", { name: new RegExp(`Sent a file: ${name}`) });
  }
  /** The text of a message, of either side; the whole of it, or what a pattern fits. */
  text(text) {
    return this.conversation.getByText(text, { exact: true });
  }
  /** Messages of both sides, each with its time and state. */
  get messages() {
    return this.conversation.locator(".message");
  }
  /** The message with this text. */
  message(text) {
    return this.messages.filter({ has: this.frame.getByText(text, { exact: true }) });
  }
  /** Types a message, sends it and is gone before it can be answered. */
  async sendAndLeave(text) {
    await this.composer.fill(text);
    await this.composer.press("Enter");
    await this.composer.press("Escape");
  }
  /** Waits until a message of the visitor's own has come as far as one of these. */
  async expectState(text, ...states) {
    await expect(this.message(text)).toContainText(new RegExp(states.join("|")));
  }
  /** Waits until the server has a message of the visitor's own. */
  async expectStored(text) {
    await this.expectState(text, "Sent", "Delivered", "Read");
  }
  /** Waits until the mock agent has said all that it says to a visitor's first message. */
  async expectGreeting() {
    await expect(this.text(/How can I help/)).toBeVisible();
  }
  /** Waits for the mock agent's answer to a later message. */
  async expectAnswer(text) {
    await expect(this.text(`You said: \u201C${text}\u201D`)).toBeVisible();
  }
  notice(text) {
    return this.notices.filter({ hasText: text });
  }
  /** Turns the wheel over the conversation; negative is up. */
  async scroll(pixels) {
    await this.conversation.hover();
    await this.page.mouse.wheel(0, pixels);
  }
};

// pages/host-page.ts
var HostPage = class _HostPage {
  constructor(page, hosts, language) {
    this.page = page;
    this.hosts = hosts;
    this.launcher = page.locator("porchlight-chat").getByRole("button");
    this.frame = page.locator("porchlight-chat iframe");
    this.panel = new PanelPage(page, page.frameLocator("porchlight-chat iframe"), language);
    page.on("console", (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.errors.push(error.message));
  }
  page;
  hosts;
  launcher;
  /** The frame element, where the loader puts it. */
  frame;
  panel;
  /** Everything the page's console was told, as `type: text`. */
  console = [];
  /** Errors that nobody caught, in the page or its frames. */
  errors = [];
  /** Goes to a page of `hosts/`. */
  async goto(name = "plain", origin = this.hosts.origin) {
    await this.page.goto(`${origin}/${name}`);
  }
  /** The loader's warnings. */
  get warnings() {
    return this.console.filter((line) => line.startsWith("warning: Porchlight"));
  }
  /** Opens the panel by a click and waits until one can type. */
  async open() {
    await this.launcher.click();
    await expect2(this.panel.composer).toBeFocused();
  }
  /** A second tab of the same visitor. */
  async newTab() {
    return new _HostPage(await this.page.context().newPage(), this.hosts);
  }
};

// fixtures.ts
import { expect as expect3, test as base } from "@playwright/test";
var test = base.extend({
  mockScript: [void 0, { option: true }],
  server: async ({ mockScript }, use, testInfo) => {
    const server = await Server.launch(testInfo.outputPath("server.log"), mockScript);
    await use(server);
    await server.dispose();
  },
  hosts: async ({ server }, use) => {
    const hosts = await HostServer.launch(server);
    await use(hosts);
    await hosts.dispose();
  },
  host: async ({ page, hosts }, use) => {
    const host = new HostPage(page, hosts);
    await use(host);
    expect3(host.errors.filter((error) => error !== "of the page itself")).toEqual([]);
  }
});

// support/files.ts
import { deflateSync } from "node:zlib";
function bytes(name, nBytes, mimeType = "application/octet-stream") {
  return { name, mimeType, buffer: Buffer.alloc(nBytes, "Porchlight ") };
}
function png(name, width, height) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const up = 1 - y / height;
      const far = Math.hypot(x - width * 0.6, (y - height * 0.62) * 1.1) / Math.min(width, height);
      const isHill = y > height * (0.72 + 0.1 * Math.sin(x / width * 5));
      const color = isHill ? [46, 58, 72] : far < 0.14 ? [255, 236, 170] : [250 - up * 130, 150 - up * 40, 90 + up * 90];
      rows.set(color.map(Math.round), y * (width * 3 + 1) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return { name, mimeType: "image/png", buffer: Buffer.concat([signature, ...chunks]) };
}
function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(checksum(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}
function checksum(data) {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc >>> 1 ^ (crc & 1 ? 3988292384 : 0);
  }
  return ~crc >>> 0;
}

// support/visitor-api.ts
import { randomBytes } from "node:crypto";
var VisitorApi = class _VisitorApi {
  constructor(conversation, authorization) {
    this.conversation = conversation;
    this.authorization = authorization;
  }
  conversation;
  authorization;
  /** Listens to the panel of `page` while `act` makes it start or load a conversation. */
  static async of(page, act) {
    const named = (request2) => /\/widget\/v1\/conversations\/([0-9a-f-]{36})\//.exec(request2.url())?.[1];
    const seen = page.waitForRequest((request2) => named(request2) !== void 0 && request2.method() !== "OPTIONS");
    await act();
    const request = await seen;
    const authorization = (await request.allHeaders())["authorization"];
    const conversation = named(request);
    if (!authorization || !conversation) throw new Error("the panel asked without a token");
    return new _VisitorApi(new URL(`/widget/v1/conversations/${conversation}`, request.url()).href, authorization);
  }
  /** Sends a message as the visitor's panel would. */
  async send(content) {
    const answer = await fetch(`${this.conversation}/messages/${uuidV7()}`, {
      method: "PUT",
      headers: { authorization: this.authorization, "content-type": "application/json" },
      body: JSON.stringify({ content })
    });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  }
  /** The newest hundred messages, oldest first. */
  async messages() {
    const answer = await fetch(`${this.conversation}/messages?limit=100`, {
      headers: { authorization: this.authorization }
    });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    const page = await answer.json();
    return page.messages;
  }
  /** What the visitor wrote, as the server has it. */
  async written() {
    const messages = await this.messages();
    return messages.filter(({ sender }) => sender.type === "customer").map(({ content }) => content);
  }
};
function uuidV7() {
  const bytes2 = randomBytes(16);
  bytes2.writeUIntBE(Date.now(), 0, 6);
  bytes2[6] = 112 | bytes2[6] & 15;
  bytes2[8] = 128 | bytes2[8] & 63;
  return bytes2.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// support/states.ts
async function visitStates(host, look) {
  const { page, panel } = host;
  await expect3(host.launcher).toBeVisible();
  await look("closed");
  await host.open();
  await look("empty");
  const api = await VisitorApi.of(page, async () => {
    await panel.send("Hello! When should I plant an apple tree?");
    await expect3(panel.text(/Robin!/)).toBeVisible();
    await panel.send("Is the end of March too late?");
    await expect3(panel.text(/first summer/)).toBeVisible();
    await expect3(panel.message("Is the end of March too late?")).toHaveClass(/read/);
  });
  await look("conversation");
  await panel.send("Which one would you take?");
  await expect3(panel.dots).toBeVisible();
  await look("typing");
  await expect3(panel.text(/sunny wall/)).toBeVisible();
  await panel.sendAndLeave("What will I need?");
  await expect3(host.launcher).toHaveAccessibleName(/[3٣]/);
  await look("unread");
  await host.open();
  await expect3(panel.newLine).toBeVisible();
  await look("new-messages");
  await panel.attach(png("IMG_2093.png", 800, 600), bytes("A plan of the whole garden, with every tree.pdf", 4e5));
  await panel.attach(bytes("film.mp4", 10 * 1024 * 1024 + 1));
  await expect3(panel.chip("film.mp4")).toHaveClass(/failed/);
  await page.route("**/widget/v1/attachments**", (route) => route.abort("connectionreset"), { times: 1 });
  await panel.attach(bytes("notes.txt", 300));
  await expect3(panel.chip("notes.txt")).toHaveClass(/passing/);
  await panel.composer.fill("Is this too close to the house?");
  await panel.composer.press("Enter");
  await look("attaching");
  for (const name of ["film.mp4", "notes.txt"]) await panel.chip(name).locator("[name=remove]").click();
  await panel.composer.press("Enter");
  await expect3(panel.text(/lovely evening/)).toBeVisible();
  await look("attached");
  await panel.picture("IMG_2093.png").click();
  await expect3(panel.lightbox).toBeVisible();
  await look("picture");
  await page.keyboard.press("Escape");
  await panel.emojiButton.click();
  await expect3(panel.picker).toBeVisible();
  await look("emoji");
  await page.keyboard.press("Escape");
  await expect3(panel.picker).toBeHidden();
  await panel.send("Do you deliver on Sundays?");
  await expect3(panel.text(/Nobody could answer/)).toBeVisible();
  const refusal = { code: "invalid_fields", message: "No.", fields: [{ field: "content", problem: "no" }] };
  await page.route(
    "**/widget/v1/conversations/*/messages/*",
    (route) => route.fulfill({ status: 422, json: { error: refusal } }),
    { times: 1 }
  );
  await panel.send("My number is 0151 2345678");
  await expect3(panel.message("My number is 0151 2345678")).toHaveClass(/not-sent/);
  await look("refused");
  await panel.message("My number is 0151 2345678").locator("[name=delete]").click();
  await panel.composer.fill(`${"My garden is on a slope. ".repeat(656)} What now?`);
  await expect3(panel.problem).not.toBeEmpty();
  await look("too-long");
  await panel.composer.fill("");
  await page.context().setOffline(true);
  await expect3(panel.trouble).not.toBeEmpty();
  await panel.send("Can you hear me?");
  await expect3(panel.message("Can you hear me?")).toHaveClass(/sending/);
  await look("offline");
  await page.context().setOffline(false);
  await expect3(panel.message("Can you hear me?")).toHaveClass(/read/);
  for (let n = 1; n <= 40; n += 1) await api.send(`Tree number ${n} has ${n * 3} apples.`);
  await expect3(panel.text(/^Tree number 40 /)).toBeInViewport();
  await expect3(async () => {
    await panel.scroll(-1200);
    await expect3(panel.jumpButton).toBeVisible({ timeout: 500 });
  }).toPass();
  await api.send("What will I need?");
  await expect3(panel.jumpButton).toHaveAccessibleName(/[3٣]/);
  await look("history");
}

// ../../../../tmp/looks/docs.mjs
import fs from "node:fs";
import path2 from "node:path";
var OUT = process.env.OUT ?? "/work/wt/looks/docs/images/screens";
var DESK = { width: 520, height: 800 };
var PHONE = { width: 375, height: 667 };
var LOOKS = { light: [{ colorScheme: "light" }, DESK], dark: [{ colorScheme: "dark" }, DESK], phone: [{ colorScheme: "light" }, PHONE], "right-to-left": [{}, DESK], "forced-colours": [{ forcedColors: "active" }, DESK] };
var browser = await chromium.launch({ executablePath: "/usr/bin/chromium", env: { ...process.env, FONTCONFIG_FILE: "/work/wt/looks/e2e/screenshots.fonts.conf" }, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,MediaRouter,PaintHolding,OptimizationHints", "--disable-site-isolation-trials"] });
async function still(page) {
  await page.addInitScript(() => {
    const { prototype } = Intl.DateTimeFormat;
    const format = Object.getOwnPropertyDescriptor(prototype, "format").get;
    Object.defineProperty(prototype, "format", { get() {
      const tell = format.call(this);
      return this.resolvedOptions().hour ? () => tell(new Date(2026, 2, 21, 10, 24)) : tell;
    } });
  });
}
async function save(context, name, png2) {
  const page = await context.newPage();
  const webp = await page.evaluate(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.8);
  }, `data:image/png;base64,${png2.toString("base64")}`);
  await page.close();
  const file = path2.join(OUT, `${name}.webp`);
  fs.mkdirSync(path2.dirname(file), { recursive: true });
  fs.writeFileSync(file, Buffer.from(webp.slice(webp.indexOf(",") + 1), "base64"));
}
var wanted = process.argv.slice(2);
for (const [look, [media, viewport]] of Object.entries(LOOKS)) {
  if (wanted.length && !wanted.includes(look)) continue;
  const server = await Server.launch("/tmp/looks/server.log", "showcase.toml");
  const hosts = await HostServer.launch(server);
  const context = await browser.newContext({ viewport, deviceScaleFactor: 1.5, reducedMotion: "reduce", locale: "en-GB", timezoneId: "Europe/Berlin", ...media });
  const page = await context.newPage();
  await still(page);
  const host = new HostPage(page, hosts, look === "right-to-left" ? process.env.PROXY_LANG : "en");
  try {
    await host.goto(look === "right-to-left" ? "rtl" : "showcase");
    await visitStates(host, async (s) => save(context, `${look}/${s}`, await page.screenshot()));
    console.log(look, "done");
  } catch (e) {
    console.log(look, String(e).slice(0, 800));
    await page.screenshot({ path: `/tmp/looks/failed-${look}.png` });
  }
  await context.close();
  await hosts.dispose();
  await server.dispose();
}
if (!wanted.length || wanted.includes("alone")) for (const [name, width, height] of [["window", 900, 640], ["small", 280, 320], ["on-its-side", 667, 320]]) {
  const server = await Server.launch("/tmp/looks/server.log", "showcase.toml");
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: 1.5, reducedMotion: "reduce", locale: "en-GB" });
  const page = await context.newPage();
  await still(page);
  await page.goto(`${server.origin}/panel/${server.widgetId}`);
  const panel = new PanelPage(page, page);
  await expect4(panel.composer).toBeFocused();
  await save(context, `alone/${name}-empty`, await page.screenshot());
  await panel.send("Hello! When should I plant an apple tree?");
  await expect4(panel.text(/Robin!/)).toBeVisible();
  await save(context, `alone/${name}-conversation`, await page.screenshot());
  await context.close();
  await server.dispose();
}
await browser.close();
