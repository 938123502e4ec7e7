// An OpenID Connect provider for the tests: people are who the address says (/sign-in/<id>/as/<name>), claims come from the
// test, and so does the key: making one here can hang (Node 20). Takes its settings as JSON in the first argument, prints its issuer, and ends when its input does.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const { clients, people, key } = JSON.parse(process.argv[2]);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [key] },
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own would not call loopback, where the service is
    cookies: { keys: ['only-for-tests'] },
    claims: { openid: ['sub'], profile: ['name', 'groups', 'orgno'] },
    acrValues: ['high', 'substantial'],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource(ctx, form) { ctx.body = `<!doctype html><title>ut</title>${form}`; },
      },
      pushedAuthorizationRequests: { enabled: true },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 'only-for-tests'), requireNonce: () => true },
    },
    interactions: { url: (ctx, interaction) => `/sign-in/${interaction.uid}` },
    async loadExistingGrant(ctx) { // nobody is asked whether we may know what we ask for
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
    findAccount: (ctx, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  });
  const handle = provider.callback();
  server.on('request', async (req, res) => {
    const as = /^\/sign-in\/[^/]+\/as\/([a-z]+)$/.exec(req.url);
    const denied = /^\/sign-in\/[^/]+\/no$/.test(req.url);
    if (!as && !denied) return handle(req, res);
    const result = denied
      ? { error: 'access_denied', error_description: 'no <script>' }
      : { login: { accountId: as[1], acr: people[as[1]].acr, amr: ['mfa'] } };
    try {
      await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
    } catch (err) {
      res.writeHead(500).end(String(err));
    }
  });
  console.log(issuer);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
