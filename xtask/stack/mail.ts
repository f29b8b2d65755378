/** One mail that auth wanted to send. */
export interface Mail {
  to: string;
  subject: string;
  text?: string;
  html?: string;
  sent_at: string;
}

/** How many mails are remembered; a long-running stack must not grow without end. */
const KEPT = 500;

/** Stands in for a mail server: keeps the mails in memory, where `GET /__mail` shows them. */
export class Mailbox {
  #mails: Mail[] = [];

  /** The driver interface of lite: called once for each mail. */
  send(mail: Omit<Mail, "sent_at">): Promise<void> {
    const { to, subject, text, html } = mail;
    this.#mails.push({ to, subject, text, html, sent_at: new Date().toISOString() });
    this.#mails.splice(0, this.#mails.length - KEPT);
    return Promise.resolve();
  }

  /** The remembered mails, oldest first. */
  list(): Mail[] {
    return this.#mails;
  }
}
