// Stands between programs and a server, and is as bad as a network can be: it cuts, delays and loses.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a program reaches the server through; `url` is what it is given. */
export class FaultyProxy {
  readonly url: string;
  /** Milliseconds by which each answer of the server comes later. */
  delay = 0;
  /** Returns true for each piece that is lost, together with its connection. */
  isLost: () => boolean = () => false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut: { word: string; done: () => void } | undefined;

  constructor(target: string) {
    const path = `${target}.proxy`;
    this.url = `unix:${path}`;
    this.#server = createServer((client) => this.#join(client, connect(target))).listen(path);
  }

  /** Cuts the connection over which the next command with this word comes, when the server has answered; the answer is lost. Resolves then. */
  cutAnswerTo(word: string): Promise<void> {
    return new Promise((done) => {
      this.#cut = { word, done };
    });
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #join(client: Socket, server: Socket): void {
    let onAnswer: (() => void) | undefined;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', end).on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    client.on('data', (piece) => {
      if (this.isLost()) return end();
      const cut = this.#cut;
      if (cut !== undefined && piece.includes(`\r\n$${cut.word.length}\r\n${cut.word}\r\n`)) {
        this.#cut = undefined;
        onAnswer = cut.done;
      }
      server.write(piece);
    });
    server.on('data', (piece) => {
      if (onAnswer !== undefined || this.isLost()) {
        end();
        onAnswer?.();
      } else if (this.delay === 0) client.write(piece);
      else setTimeout(() => client.writable && client.write(piece), this.delay);
    });
  }
}
