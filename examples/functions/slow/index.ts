// Takes its time: `?before=200` waits that many milliseconds before it answers, `?between=200&pieces=3` between the
// pieces of the answer.

import { forPages } from "../_shared/cors.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.serve(forPages(async (req) => {
  const query = new URL(req.url).searchParams;
  const number = (name: string, fallback: number) => Number(query.get(name) ?? fallback);
  const [before, between, pieces] = [
    number("before", 0),
    number("between", 0),
    number("pieces", 1),
  ];
  await wait(before);
  let left = pieces;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (left === 0) return controller.close();
      if (left < pieces) await wait(between);
      left -= 1;
      controller.enqueue(new TextEncoder().encode(`piece ${pieces - left}\n`));
    },
  });
  return new Response(body, { headers: { "content-type": "text/plain" } });
}));
