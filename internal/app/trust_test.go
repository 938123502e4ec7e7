package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"kiveileder/internal/app"
	"kiveileder/internal/stacktest"
)

// A role that lacks what it needs says what, and does not start.
func TestRoleNeeds(t *testing.T) {
	full := func() app.Config {
		var c app.Config
		c.Data, c.Secret, c.RoleToken = t.TempDir(), strings.Repeat("s", 32), strings.Repeat("t", 32)
		c.DatabaseURL, c.RedisURL = "postgres://app:hemmelig@127.0.0.1:1/none", "redis://default:hemmelig@127.0.0.1:1/0"
		c.ServicesURL, c.RetrieverURL = "http://127.0.0.1:1", "http://127.0.0.1:1"
		return c
	}
	for _, c := range []struct {
		name  string
		role  app.Role
		spoil func(c *app.Config)
		want  string
	}{
		{"nothing is set", app.Services, func(c *app.Config) { *c = app.Config{} }, "the role services needs KIVEILEDER_DATABASE_URL, KIVEILEDER_REDIS_URL, KIVEILEDER_RETRIEVER_URL and KIVEILEDER_ROLE_TOKEN or KIVEILEDER_TLS_CERT"},
		{"gateway without secret", app.Gateway, func(c *app.Config) { c.Secret = "" }, "KIVEILEDER_SECRET"},
		{"gateway without services", app.Gateway, func(c *app.Config) { c.ServicesURL = "" }, "KIVEILEDER_SERVICES_URL"},
		{"gateway with half an address", app.Gateway, func(c *app.Config) { c.ServicesURL = "services:8080" }, `address of services "services:8080"`},
		{"retriever without a proof", app.Retriever, func(c *app.Config) { c.RoleToken = "" }, "KIVEILEDER_ROLE_TOKEN or KIVEILEDER_TLS_CERT"},
		{"short token", app.Gateway, func(c *app.Config) { c.RoleToken = "short" }, "KIVEILEDER_ROLE_TOKEN: "},
		{"certificate that is not there", app.Gateway, func(c *app.Config) { c.TLSCert, c.TLSKey = "/none.pem", "/none.key" }, "KIVEILEDER_TLS_CERT"},
		{"database that is not there", app.Services, func(*app.Config) {}, "nobody listens there"},
		{"database of another kind", app.Retriever, func(c *app.Config) { c.DatabaseURL = "mysql://app:hemmelig@127.0.0.1/x" }, "postgres://user:password@host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := full()
			c.spoil(&cfg)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			core, _ := observer.New(zapcore.WarnLevel)
			log := zap.New(core, zap.Hooks(func(e zapcore.Entry) error {
				if strings.Contains(e.Message, "the start waits") {
					cancel()
				}
				return nil
			}))
			a, err := app.NewRole(ctx, cfg, c.role, log)
			if err == nil {
				err = a.Close()
				t.Fatal("it starts", err)
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hemmelig") {
				t.Errorf("error %q, want %q in it and no password", err, c.want)
			}
		})
	}
}

// Roles answer those alone that prove to be roles, by the token or by a
// certificate; who is refused says that a part is away.
func TestRolesTrust(t *testing.T) {
	redis, prefix := stacktest.Redis(t)
	database := stacktest.Postgres(t)
	base := func() app.Config {
		var c app.Config
		c.Addr, c.Data, c.Secret = "127.0.0.1:0", t.TempDir(), strings.Repeat("s", 32)
		c.DatabaseURL, c.RedisURL, c.RedisPrefix, c.DatabaseConns = database, redis, prefix, 4
		c.LogLevel = "error"
		return c
	}
	role := func(r app.Role, c app.Config) string {
		t.Helper()
		a, err := app.NewRole(t.Context(), c, r, app.Silent())
		if err != nil {
			t.Fatal(err)
		}
		url, _ := serve(t, a)
		return url
	}
	inner := func(trust func(c *app.Config)) (services string) {
		c := base()
		trust(&c)
		c.RetrieverURL = role(app.Retriever, c)
		return role(app.Services, c)
	}
	ours, others := newAuthority(t), newAuthority(t)
	token := func(s string) func(c *app.Config) { return func(c *app.Config) { c.RoleToken = s } }
	certificate := func(of, trusts *authority) func(c *app.Config) {
		return func(c *app.Config) { c.TLSCert, c.TLSKey = of.issue(t); c.TLSCA = trusts.file }
	}
	a, b := strings.Repeat("a", 32), strings.Repeat("b", 32)
	byToken, byCertificate := inner(token(a)), inner(certificate(ours, ours))
	if !strings.HasPrefix(byCertificate, "https://") {
		t.Errorf("services with a certificate listen on %s", byCertificate)
	}
	for _, c := range []struct {
		name, services string
		trust          func(c *app.Config)
		ok             bool
	}{
		{"the same token", byToken, token(a), true},
		{"another token", byToken, token(b), false},
		{"a certificate where a token is wanted", byToken, certificate(ours, ours), false},
		{"a certificate of ours", byCertificate, certificate(ours, ours), true},
		{"a certificate of others", byCertificate, certificate(others, ours), false},
		{"who trusts others", byCertificate, certificate(ours, others), false},
		{"a token where a certificate is wanted", byCertificate, token(a), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := base()
			cfg.ServicesURL = c.services
			c.trust(&cfg)
			gateway := role(app.Gateway, cfg)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, gateway+"/v1/ask", strings.NewReader(`{"question":"Må vi søke REK?"}`))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept-Language", "en")
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			degraded := `"degraded":["services"]`
			if c.ok {
				if _, state := get(t, gateway+"/readyz"); resp.StatusCode != http.StatusOK || strings.Contains(state, "degraded") {
					t.Errorf("%s %.300s; readyz: %s", resp.Status, body, state)
				}
				return
			}
			if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "not available right now") {
				t.Errorf("%s %.300s", resp.Status, body)
			}
			eventually(t, 10*time.Second, func() bool { _, state := get(t, gateway+"/readyz"); return strings.Contains(state, degraded) }, func() string { return "readyz does not say that the services are away" })
		})
	}
	// who shows no certificate may see the health and nothing else
	plain := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: ours.pool}}}
	defer plain.CloseIdleConnections()
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/rpc/read": 401} {
		method := http.MethodGet
		if strings.HasPrefix(path, "/rpc/") {
			method = http.MethodPost
		}
		req, err := http.NewRequestWithContext(t.Context(), method, byCertificate+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := plain.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != want {
			t.Errorf("%s without a certificate: status %d, want %d", path, resp.StatusCode, want)
		}
	}
}

// An authority signs certificates.
type authority struct {
	file string
	pool *x509.CertPool
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	n    int64
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{key: newKey(t), pool: x509.NewCertPool(), n: 1}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests " + rand.Text()[:6]}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	a.file = writePEM(t, "CERTIFICATE", der)
	return a
}

// issue gives the files of a new certificate and its key.
func (a *authority) issue(t testing.TB) (cert, key string) {
	t.Helper()
	a.n++
	k := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(a.n), Subject: pkix.Name{CommonName: "role"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, k.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", der), writePEM(t, "PRIVATE KEY", b)
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func writePEM(t testing.TB, kind string, der []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
