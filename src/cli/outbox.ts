/** Collects messages of one turn of the event loop, for a message between processes costs more than what is in it. */
export class Outbox<Message> {
  #messages: Message[] = []

  constructor(private readonly send: (messages: readonly Message[]) => void) {}

  push(message: Message): void {
    if (this.#messages.push(message) === 1) setImmediate(() => this.flush())
  }

  flush(): void {
    const messages = this.#messages
    if (messages.length === 0) return
    this.#messages = []
    this.send(messages)
  }
}
