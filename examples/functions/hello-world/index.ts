// Greets whoever the request names. Deploy it with `supabase functions deploy hello-world`.

const corsHeaders = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type, x-region",
};

Deno.serve(async (req) => {
  // Browsers ask first whether they may send these headers.
  if (req.method === "OPTIONS") {
    return new Response("ok", { headers: corsHeaders });
  }

  let body: { name?: string };
  try {
    body = await req.json();
  } catch {
    return Response.json(
      { error: "Send a JSON object with a name." },
      { status: 400, headers: corsHeaders },
    );
  }
  return Response.json({ message: `Hello ${body.name ?? "World"}!` }, { headers: corsHeaders });
});
