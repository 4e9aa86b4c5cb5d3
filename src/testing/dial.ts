import { connect, type Socket } from "node:net";

/** A connection by hand, and all that came back over it once it has ended. */
export interface Dialled {
  readonly socket: Socket;
  /** What has come so far. */
  text(): string;
  readonly ended: Promise<string>;
}

/** Connects to what listens at an address. */
export function dial(address: string): Dialled {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  const ended = new Promise<string>((resolve) => {
    socket.on("error", () => undefined).on("close", () => resolve(text));
  });
  return { socket, text: () => text, ended };
}

/** Sends what need not be HTTP, word for word, and gives what comes back until the connection ends. */
export function sendRaw(address: string, request: string): Promise<string> {
  const { socket, ended } = dial(address);
  socket.write(request);
  return ended;
}
