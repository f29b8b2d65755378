/** Checks access tokens as the platform does before a function with `verify_jwt` is called: HS256, and not expired. */

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Whether a token was signed with the secret and is still valid. */
export async function isValid(token: string, secret: string): Promise<boolean> {
  try {
    const [header, claims, signature, ...more] = token.split(".");
    if (more.length > 0 || JSON.parse(new TextDecoder().decode(bytes(header))).alg !== "HS256") {
      return false;
    }
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    const signed = new TextEncoder().encode(`${header}.${claims}`);
    if (!await crypto.subtle.verify("HMAC", key, bytes(signature), signed)) return false;
    const { exp } = JSON.parse(new TextDecoder().decode(bytes(claims)));
    return exp === undefined || exp * 1000 > Date.now();
  } catch {
    return false;
  }
}
