// Server-sent events: comments, names, ids, several lines of data, all three ends of lines, and a letter that two
// pieces share. `Last-Event-ID` begins after that event; `?count=100` asks for more numbers; `?break` ends in the middle.

import { forPages } from "../_shared/cors.ts";

const encoder = new TextEncoder();

/** The events before the numbers: what is written, and with which id. */
const FIRST: [number, string][] = [
  [1, ": a comment\nretry: 250\nid: 1\nevent: greeting\ndata: hello\n\n"],
  [2, "id: 2\r\ndata: several\r\ndata: lines\r\ndata:\r\ndata:  of text\r\n\r\n"],
  [3, 'id: 3\revent: json\rdata: {"letter":"ü","number":1}\r\r'],
];

Deno.serve(forPages((req) => {
  const query = new URL(req.url).searchParams;
  const after = Number(req.headers.get("last-event-id") ?? 0);
  const count = Number(query.get("count") ?? 2);
  const events = [
    ...FIRST,
    ...Array.from({ length: count }, (_, index): [number, string] => [
      index + 4,
      `id: ${index + 4}\nevent: number\ndata: ${index + 1}\n\n`,
    ]),
  ].filter(([id]) => id > after);

  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const [id, text] of events) {
        const bytes = encoder.encode(text);
        // In the middle of the letter, if there is one.
        const cut = bytes.findIndex((byte) => byte > 127) + 1;
        controller.enqueue(bytes.slice(0, cut));
        await new Promise((resolve) => setTimeout(resolve, 1));
        controller.enqueue(bytes.slice(cut));
        if (query.has("break") && id === 3) return controller.error(new Error("broken on request"));
      }
      // An event that was not ended does not count.
      controller.enqueue(encoder.encode("data: not complete"));
      controller.close();
    },
  });
  return new Response(body, {
    headers: { "content-type": "text/event-stream", "cache-control": "no-cache" },
  });
}));
