// npm's oidc-provider as a foreign provider: argv are its port, the portal's address and the way back. Everybody who names itself is who it says.
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.cwd(), "package.json"));
const { Provider } = await import(require.resolve("oidc-provider"));
const [port, back, away, backchannel] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const staff = (id) => id.startsWith("desk");

const provider = new Provider(issuer, {
  clients: [{
    client_id: "portal", client_secret: "a secret of the tests", redirect_uris: [back], post_logout_redirect_uris: [away],
    response_types: ["code"], grant_types: ["authorization_code"], token_endpoint_auth_method: "client_secret_basic",
    backchannel_logout_uri: backchannel, backchannel_logout_session_required: true,
  }],
  claims: { openid: ["sub", "acr", "amr", "sid"], profile: ["name", "roles", "agency"] },
  conformIdTokenClaims: false,
  acrValues: ["high", "low"],
  cookies: { keys: ["some keys of the tests"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true }, backchannelLogout: { enabled: true } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: `${id} of elsewhere`, roles: staff(id) ? ["caseworker"] : ["citizen"], agency: staff(id) ? "city-council" : undefined }),
  }),
});

provider.use(async (ctx, next) => {
  const found = ctx.path.match(/^\/interaction\/[^/]+$/);
  if (!found || ctx.method !== "GET") return next();
  const { prompt, params, session, grantId } = await provider.interactionDetails(ctx.req, ctx.res);
  if (prompt.name === "login") {
    if (!ctx.query.person) { ctx.body = "who?"; return; }
    if (ctx.query.person === "nobody") {
      return provider.interactionFinished(ctx.req, ctx.res, { error: "access_denied" }, { mergeWithLastSubmission: false });
    }
    const weak = ctx.query.weak === "yes";
    const login = { accountId: ctx.query.person, acr: weak ? "low" : "high", amr: weak ? ["pwd"] : ["pwd", "otp"], remember: false };
    return provider.interactionFinished(ctx.req, ctx.res, { login }, { mergeWithLastSubmission: false });
  }
  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(" "));
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
  return provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
});

provider.listen(Number(port), "127.0.0.1", () => console.log(`listening on ${issuer}`));
