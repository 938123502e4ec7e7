package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// callerTLS gives how a role shows itself to those that it calls, nil without
// certificates.
func (c Config) callerTLS() (*tls.Config, error) {
	roots, err := c.roots()
	if roots == nil || err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: roots,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.certificate() },
	}, nil
}

// calleeTLS gives how a role shows itself to its callers, nil without
// certificates. Who looks at its health needs none; a call does (rpc.Server).
func (c Config) calleeTLS() (*tls.Config, error) {
	roots, err := c.roots()
	if roots == nil || err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ClientCAs: roots, ClientAuth: tls.VerifyClientCertIfGiven,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.certificate() },
	}, nil
}

// certificate reads the role's own, anew for every handshake: it is renewed
// while the role runs.
func (c Config) certificate() (*tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	return &cert, err
}

// roots gives who signs the roles' certificates, nil when there are none.
func (c Config) roots() (*x509.CertPool, error) {
	switch {
	case c.TLSCert == "" && c.TLSKey == "" && c.TLSCA == "":
		return nil, nil
	case c.TLSCert == "" || c.TLSKey == "" || c.TLSCA == "":
		return nil, errors.New("KIVEILEDER_TLS_CERT, KIVEILEDER_TLS_KEY and KIVEILEDER_TLS_CA belong together: set all three or none")
	}
	if _, err := c.certificate(); err != nil {
		return nil, fmt.Errorf("KIVEILEDER_TLS_CERT, KIVEILEDER_TLS_KEY: %w", err)
	}
	b, err := os.ReadFile(c.TLSCA)
	if err != nil {
		return nil, fmt.Errorf("KIVEILEDER_TLS_CA: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("KIVEILEDER_TLS_CA: %s holds no certificate", c.TLSCA)
	}
	return roots, nil
}
