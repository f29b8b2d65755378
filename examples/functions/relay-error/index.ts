// Answers as the relay does when it cannot reach a function: the header tells, whatever the status is.

Deno.serve((req) => {
  const status = Number(new URL(req.url).searchParams.get("status") ?? 200);
  return new Response("Relay Error invoking the Edge Function", {
    status,
    headers: { "x-relay-error": "true", "content-type": "text/plain" },
  });
});
