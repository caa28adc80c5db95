//! The parts of a desktop that a driver cannot play: it asks a window to close, and it shows a tray. It speaks X11 and
//! D-Bus directly, only as much of each as is needed, because Xvfb has neither a window manager nor a tray.
import { connect } from "node:net";

const u16 = (...values) => Buffer.from(Uint16Array.from(values).buffer);
const u32 = (...values) => Buffer.from(Uint32Array.from(values).buffer);
const padded = (bytes, to = 4) => Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);

/** Reads from a socket in pieces of a wanted size. */
function reader(socket) {
  let held = Buffer.alloc(0);
  const waiting = [];
  const serve = () => {
    while (waiting.length > 0 && held.length >= waiting[0].size) {
      const { size, done } = waiting.shift();
      done(held.subarray(0, size));
      held = held.subarray(size);
    }
  };
  socket.on("data", (data) => {
    held = Buffer.concat([held, data]);
    serve();
  });
  socket.on("error", (problem) => waiting.splice(0).forEach(({ failed }) => failed(problem)));
  return (size) =>
    new Promise((done, failed) => {
      waiting.push({ size, done, failed });
      serve();
    });
}

/** A screen, seen as a window manager sees it. */
export class Screen {
  #socket;
  #read;
  #root;

  static async open(display) {
    const screen = new Screen();
    screen.#socket = connect(`/tmp/.X11-unix/X${display.slice(1)}`);
    screen.#read = reader(screen.#socket);
    screen.#socket.write(Buffer.concat([Buffer.from("l\0"), u16(11, 0, 0, 0, 0)]));
    const head = await screen.#read(8);
    const rest = await screen.#read(head.readUInt16LE(6) * 4);
    if (head[0] !== 1) throw new Error("the screen refuses us");
    screen.#root = rest.readUInt32LE(32 + Math.ceil(rest.readUInt16LE(16) / 4) * 4 + rest[21] * 8);
    return screen;
  }

  /** One request and its answer. */
  async #ask(opcode, detail, body) {
    this.#socket.write(Buffer.concat([Buffer.from([opcode, detail]), u16(1 + body.length / 4), body]));
    for (;;) {
      const head = await this.#read(32);
      if (head[0] === 0) throw new Error(`the screen answered with error ${head[1]}`);
      if (head[0] === 1) return Buffer.concat([head, await this.#read(head.readUInt32LE(4) * 4)]);
    }
  }

  async #atom(name) {
    const answer = await this.#ask(16, 0, Buffer.concat([u16(name.length, 0), padded(Buffer.from(name))]));
    return answer.readUInt32LE(8);
  }

  /** The top windows of a title, shown or not. */
  async windows(title) {
    const tree = await this.#ask(15, 0, u32(this.#root));
    const found = [];
    for (let at = 0; at < tree.readUInt16LE(16); at += 1) {
      const window = tree.readUInt32LE(32 + at * 4);
      try {
        // WM_NAME and WM_PROTOCOLS: the toolkit's invisible helpers have the first, but cannot be asked to close.
        const name = await this.#ask(20, 0, u32(window, 39, 0, 0, 64));
        const protocols = await this.#ask(20, 0, u32(window, await this.#atom("WM_PROTOCOLS"), 0, 0, 64));
        const says = name.subarray(32, 32 + name.readUInt32LE(16)).toString();
        if (says === title && protocols.readUInt32LE(16) > 0) found.push(window);
      } catch {
        // It went away while we asked.
      }
    }
    return found;
  }

  /** Whether a window is shown. */
  async shown(window) {
    return (await this.#ask(3, 0, u32(window)))[26] === 2;
  }

  /** How many colours a piece from the middle of a window has: one where nothing is painted. */
  async colours(window) {
    const [width, height] = [600, 400];
    const place = Buffer.concat([u32(window), u16(200, 100, width, height), u32(0xffffffff)]);
    const image = (await this.#ask(73, 2, place)).subarray(32);
    const seen = new Set();
    for (let at = 0; at < width * height * 4; at += 4) seen.add(image.readUInt32LE(at));
    return seen.size;
  }

  /** Asks a window to close, as its title bar does. */
  async close(window) {
    const [protocols, please] = [await this.#atom("WM_PROTOCOLS"), await this.#atom("WM_DELETE_WINDOW")];
    const message = Buffer.concat([Buffer.from([33, 32, 0, 0]), u32(window, protocols, please, 0, 0, 0, 0)]);
    this.#socket.write(Buffer.concat([Buffer.from([25, 0]), u16(11), u32(window, 0), message]));
    await this.#atom("WM_PROTOCOLS"); // an answer says that what went before was dealt with
  }

  end() {
    this.#socket.destroy();
  }
}

/** Takes the name under which trays are found on the session bus. Returns the way to give it back. */
export async function tray(address = process.env.DBUS_SESSION_BUS_ADDRESS) {
  const socket = connect(/path=([^,]+)/.exec(address)[1]);
  const text = (value, length = u32) => Buffer.concat([length(Buffer.byteLength(value)), Buffer.from(`${value}\0`)]);
  const short = (length) => Buffer.from([length]);
  let serial = 0;
  /** A call of the bus itself. */
  const call = (member, signature, body) => {
    const fields = [
      [1, "o", text("/org/freedesktop/DBus")],
      [2, "s", text("org.freedesktop.DBus")],
      [3, "s", text(member)],
      [6, "s", text("org.freedesktop.DBus")],
      ...(signature === "" ? [] : [[8, "g", text(signature, short)]]),
    ];
    let array = Buffer.alloc(0);
    for (const [code, type, value] of fields)
      array = Buffer.concat([padded(array, 8), Buffer.from([code]), text(type, short), value]);
    const head = Buffer.concat([Buffer.from([0x6c, 1, 0, 1]), u32(body.length, (serial += 1), array.length), array]);
    socket.write(Buffer.concat([padded(head, 8), body]));
  };
  const heard = () => new Promise((done, failed) => socket.once("data", done).once("error", failed));
  socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(process.getuid())).toString("hex")}\r\n`);
  if (!String(await heard()).startsWith("OK")) throw new Error("the bus refuses us");
  socket.write("BEGIN\r\n");
  call("Hello", "", Buffer.alloc(0));
  await heard();
  call("RequestName", "su", Buffer.concat([padded(text("org.kde.StatusNotifierWatcher")), u32(0)]));
  await heard();
  return () => socket.destroy();
}
