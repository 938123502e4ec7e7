package login_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/gateway/login"
)

// How an installation says where its people sign in.
const installed = `
- provider: hdir
  label: Helsedirektoratet
  preset: entra
  tenant: 6b0f6ccd-0000-0000-0000-000000000000
  client_id: veileder
  grants:
    - {when: {roles: [Veileder]}, agency: hdir, roles: [asker, lawyer]}
    - {when: {roles: [Leder]}, agency: hdir, roles: [asker, lawyer, lead]}
- provider: ansattporten
  preset: ansattporten
  client_id: veileder
  everyone: [asker]
  params: {authorization_details: '[{"type":"ansattporten:altinn:resource","resource":"urn:altinn:resource:ki-veileder"}]'}
  require: {amr: [BankID, Buypass]}
  grants:
    - {when: {authorization_details > reportees > ID: ["0192:974761076"]}, agency: dmp, roles: [lawyer]}
- provider: helseid
  preset: helseid-test
  client_id: veileder
  everyone: [asker]
`

func TestReadProviders(t *testing.T) {
	t.Parallel()
	all, err := login.ReadProviders([]byte(installed), []string{"hdir", "dmp"})
	if err != nil {
		t.Fatal(err)
	}
	entra, ansatt, helseid := all[0], all[1], all[2]
	if entra.Issuer != "https://login.microsoftonline.com/6b0f6ccd-0000-0000-0000-000000000000/v2.0" || entra.Require["tid"][0] != entra.Tenant || entra.ID[0] != "oid" {
		t.Errorf("%+v", entra)
	}
	want := map[string][]string{"acr": {"high", "substantial"}, "amr": {"BankID", "Buypass"}}
	if diff := cmp.Diff(want, ansatt.Require); diff != "" || !ansatt.PAR || !ansatt.Hint {
		t.Error(diff)
	}
	if helseid.Require["helseid://claims/identity/security_level"][0] != "4" || helseid.Auth != "private_key_jwt" {
		t.Errorf("%+v", helseid)
	}
	if err := login.Lint(all, nil); err == nil || strings.Count(err.Error(), "key is missing") != 3 {
		t.Errorf("without keys: %v", err)
	}
	for i := range all {
		if all[i].Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	if err := login.Lint(all, nil); err != nil {
		t.Error(err)
	}
	if all[0].Key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil || login.Lint(all, nil) != nil {
		t.Error(err)
	}
	if all[0].Key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil || login.Lint(all, nil) == nil {
		t.Error("a key that we don't sign with", err)
	}
}

func TestProviderLint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"no such preset":        {"preset: entra", "preset: vipps", `no preset "vipps"`},
		"an unknown field":      {"label:", "lable:", "lable"},
		"a name in capitals":    {"provider: hdir", "provider: Hdir", "other characters"},
		"two of a name":         {"provider: helseid", "provider: hdir", "two of this name"},
		"no tenant":             {"  tenant: 6b0f6ccd-0000-0000-0000-000000000000\n", "", "tenant is missing"},
		"a tenant as a path":    {"tenant: 6b0f6ccd", "tenant: a/b/6b0f6ccd", "tenant"},
		"plain HTTP":            {"preset: ansattporten\n", "preset: ansattporten\n  issuer: http://ansattporten.no\n", "is not https"},
		"no client":             {"client_id: veileder\n  everyone: [asker]\n  params", "everyone: [asker]\n  params", "client_id is missing"},
		"alg none":              {"tenant:", "algs: [none]\n  tenant:", "none must not be believed"},
		"alg HS256":             {"tenant:", "algs: [RS256, HS256]\n  tenant:", "HS256 must not be believed"},
		"how the client says":   {"tenant:", "client_auth: tls\n  tenant:", "client_auth"},
		"without openid":        {"tenant:", "scopes: [profile]\n  tenant:", "scopes lack openid"},
		"a set state":           {"params: {authorization_details", "params: {state: x, authorization_details", "state is not for the file"},
		"the number as id":      {"tenant:", "id: [pid]\n  tenant:", "fødselsnummer"},
		"the number of a nurse": {"tenant:", `scopes: [openid, "helseid://scopes/identity/pid"]` + "\n  tenant:", "fødselsnummer"},
		"by the number":         {"{roles: [Leder]}", `{pid: ["01019012345"]}`, "fødselsnummer"},
		"lawyers all":           {"everyone: [asker]\n  params", "everyone: [lawyer]\n  params", "not for everyone"},
		"nobody":                {"preset: helseid-test\n  client_id: veileder\n  everyone: [asker]", "preset: helseid-test\n  client_id: veileder", "nobody who signs in gets a role"},
		"for all":               {"when: {roles: [Leder]}", "when: {}", "no condition"},
		"no value":              {"[Leder]", "[]", "has no value"},
		"an unknown role":       {"lawyer, lead]", "lawyer, boss]", `no role "boss"`},
		"without an agency":     {"agency: dmp, ", "", "lawyer needs an agency"},
		"an unknown agency":     {"agency: dmp", "agency: nav", `no agency "nav"`},
	} {
		changed := strings.Replace(installed, c.old, c.new, 1)
		if changed == installed {
			t.Errorf("%s: nothing to change", name)
		}
		if _, err := login.ReadProviders([]byte(changed), []string{"hdir", "dmp"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who is what, by what a provider says.
func TestClaims(t *testing.T) {
	t.Parallel()
	altinn := func(ids ...string) any {
		var list []any
		for _, id := range ids {
			list = append(list, map[string]any{"ID": id, "Name": "En virksomhet"})
		}
		return []any{map[string]any{"type": "ansattporten:altinn:resource", "reportees": list}}
	}
	grants := []login.Grant{
		{When: map[string][]string{"authorization_details > reportees > ID": {"0192:1"}}, Agency: "hdir", Roles: []login.Role{login.Lawyer}},
		{When: map[string][]string{"authorization_details > reportees > ID": {"0192:2"}}, Agency: "dmp", Roles: []login.Role{login.Lawyer}},
		{When: map[string][]string{"groups": {"ledere"}, "authorization_details > reportees > ID": {"0192:1"}}, Agency: "hdir", Roles: []login.Role{login.Lead, login.Lawyer}},
		{When: map[string][]string{"level": {"4"}, "verified": {"true"}}, Roles: []login.Role{login.Admin}},
	}
	for name, c := range map[string]struct {
		claims map[string]any
		want   string // agency and roles, or the reason
	}{
		"nothing more":                 {nil, " [asker]"},
		"one agency":                   {map[string]any{"authorization_details": altinn("0192:1", "0192:9")}, "hdir [asker lawyer]"},
		"two conditions":               {map[string]any{"authorization_details": altinn("0192:1"), "groups": "ledere"}, "hdir [asker lawyer lead]"},
		"half of them":                 {map[string]any{"groups": []any{"ledere"}}, " [asker]"},
		"two agencies":                 {map[string]any{"authorization_details": altinn("0192:1", "0192:2")}, "several_agencies"},
		"numbers and truths":           {map[string]any{"level": 4, "verified": true}, " [asker admin]"},
		"a value inside another":       {map[string]any{"groups": "ledere2", "authorization_details": altinn("0192:11")}, " [asker]"},
		"a claim of another form":      {map[string]any{"authorization_details": "0192:1"}, " [asker]"},
		"a name with a path's sign":    {map[string]any{"authorization_details > reportees > ID": "0192:1"}, " [asker]"},
		"an object where a text is":    {map[string]any{"groups": map[string]any{"ledere": true}}, " [asker]"},
		"a list of who somebody is":    {map[string]any{"oid": []any{"a", "b"}}, "no_id"},
		"nothing of who somebody is":   {map[string]any{"oid": ""}, "no_id"},
		"not as strong as is required": {map[string]any{"acr": "low"}, "require"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(_ *world, cfg *login.Config) {
				cfg.Providers[0].Grants, cfg.Providers[0].ID = grants, []string{"oid"}
			})
			w.op.body = func(b map[string]any) {
				delete(b, "groups")
				b["oid"] = "kari"
				for k, v := range c.claims {
					b[k] = v
				}
			}
			b := w.browser()
			b.signIn("/")
			var me struct{ Person login.Person }
			a := b.get("/v1/me")
			if err := json.Unmarshal([]byte(a.body), &me); err != nil {
				t.Fatal(err)
			}
			var roles []string
			for _, r := range me.Person.Roles {
				roles = append(roles, string(r))
			}
			got := me.Person.Agency + " [" + strings.Join(roles, " ") + "]"
			if len(roles) == 0 {
				got = w.reasons()[0]
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNoRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, cfg *login.Config) {
		cfg.Providers[0].Everyone = nil
		cfg.Language = func(*http.Request) kiveileder.Language { return kiveileder.Nynorsk }
	})
	w.op.body = func(b map[string]any) { b["groups"] = "andre" }
	if a := w.browser().signIn("/"); a.status != http.StatusForbidden || !strings.Contains(a.body, "Du har ikkje fått tilgang") {
		t.Error(a)
	}
}
