/**
 * Stands in for GitHub, as far as auth asks it: who may come in is not decided here, and nobody is shown a page. The
 * query of the authorization says who signs in, by `login_hint`; `deny` refuses. So that the codes which auth issues
 * after a sign-in, and their exchange, are Supabase's own.
 */

/** Where the stack answers as the provider. */
export const PREFIX = "/__github";

/** How many codes and tokens are remembered; a long-running stack must not grow without end. */
const KEPT = 500;

/** What auth is told about the provider: the part `external.github` of its configuration. */
export interface Registration {
  enabled: true;
  client_id: string;
  secret: string;
  url: string;
  redirect_uri: string;
}

/** The provider, which knows one program: the stack's auth. */
export class Provider {
  readonly registration: Registration;
  /** Who signed in, by the code that stands for it and is good once. */
  #codes = new Map<string, string>();
  /** Whose token it is. */
  #tokens = new Map<string, string>();

  constructor(stack: string) {
    this.registration = {
      enabled: true,
      client_id: "local-stack",
      secret: crypto.randomUUID(),
      url: `${stack}${PREFIX}`,
      redirect_uri: `${stack}/auth/v1/callback`,
    };
  }

  /** Answers one of the four paths that a sign-in takes. */
  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    switch (`${request.method} ${url.pathname.slice(PREFIX.length)}`) {
      case "GET /login/oauth/authorize":
        return this.#authorize(url.searchParams);
      case "POST /login/oauth/access_token":
        return this.#token(new URLSearchParams(await request.text()));
      case "GET /api/v3/user":
        return await this.#asUser(request, async (email) => ({
          id: await numberOf(email),
          login: email.split("@")[0],
          name: email.split("@")[0],
        }));
      case "GET /api/v3/user/emails":
        return await this.#asUser(request, (email) => [{ email, primary: true, verified: true }]);
    }
    return Response.json({ message: "Not Found" }, { status: 404 });
  }

  #authorize(query: URLSearchParams): Response {
    const { client_id, redirect_uri } = this.registration;
    if (query.get("client_id") !== client_id || query.get("redirect_uri") !== redirect_uri) {
      return Response.json({ message: "The program is not registered." }, { status: 400 });
    }
    const back = new URL(redirect_uri);
    back.searchParams.set("state", query.get("state") ?? "");
    const email = query.get("login_hint") ?? "octocat@example.com";
    if (email === "deny") {
      back.searchParams.set("error", "access_denied");
      back.searchParams.set("error_description", "The user has denied access.");
    } else {
      back.searchParams.set("code", remember(this.#codes, email));
    }
    return new Response(null, { status: 302, headers: { location: back.href } });
  }

  #token(form: URLSearchParams): Response {
    const code = form.get("code") ?? "";
    const email = this.#codes.get(code);
    this.#codes.delete(code);
    // GitHub refuses with status 200.
    if (form.get("client_secret") !== this.registration.secret) {
      return Response.json({ error: "incorrect_client_credentials" });
    }
    if (email === undefined) return Response.json({ error: "bad_verification_code" });
    const token = remember(this.#tokens, email);
    return Response.json({ access_token: token, token_type: "bearer", scope: "user:email" });
  }

  async #asUser(request: Request, tell: (email: string) => unknown): Promise<Response> {
    const token = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    const email = this.#tokens.get(token);
    if (email === undefined) return Response.json({ message: "Bad credentials" }, { status: 401 });
    return Response.json(await tell(email));
  }
}

function remember(those: Map<string, string>, email: string): string {
  const key = crypto.randomUUID();
  those.set(key, email);
  for (const oldest of [...those.keys()].slice(0, -KEPT)) those.delete(oldest);
  return key;
}

/** The same number for the same person, also after the stack was started again: the users in the database stay. */
async function numberOf(email: string): Promise<number> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(email));
  return Number(new DataView(digest).getBigUint64(0) >> 16n);
}
