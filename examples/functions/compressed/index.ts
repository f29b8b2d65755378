// Answers with a text that is compressed and says how long it then is, whatever the client accepts: as a CDN does.

import { forPages } from "../_shared/cors.ts";

const TEXT = "far away, ".repeat(1_000);

Deno.serve(forPages(async () => {
  const compressed = new Blob([TEXT]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = await new Response(compressed).arrayBuffer();
  return new Response(bytes, {
    headers: {
      "content-type": "text/plain",
      "content-encoding": "gzip",
      "content-length": String(bytes.byteLength),
    },
  });
}));
