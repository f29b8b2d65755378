// Is only reached with a token, as the platform checks it first (`verify_jwt`). Tells whose it is.

Deno.serve((req) => {
  const token = req.headers.get("authorization")?.split(" ")[1] ?? "";
  const claims = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  return Response.json({ role: claims.role, user: claims.sub ?? null });
});
