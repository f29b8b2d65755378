// Bytes: all 256 of them, `?times=1000` times over, `?as=application/pdf` under another name.

Deno.serve((req) => {
  const query = new URL(req.url).searchParams;
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  let left = Number(query.get("times") ?? 1);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) return controller.close();
      left -= 1;
      controller.enqueue(all);
    },
  });
  return new Response(body, {
    headers: { "content-type": query.get("as") ?? "application/octet-stream" },
  });
});
