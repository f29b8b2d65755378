// Does not catch what it throws; the platform answers for it.

Deno.serve(() => {
  throw new Error("nobody catches this");
});
