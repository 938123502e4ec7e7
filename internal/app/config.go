// Package app wires the parts of KI-veileder together, by hand and in one
// place, and runs them.
package app

import "time"

// Config is everything that can be set. Each field is a flag and an
// environment variable KIVEILEDER_…; the zero value of a new field never breaks
// an older installation.
type Config struct {
	Base
	Database
	Production
	Cases

	// Addr is where the service listens, as host:port. Port 0 picks a free one,
	// which is printed. Example: 0.0.0.0:8080.
	Addr string `help:"Listen on host:port; port 0 picks a free one." default:"127.0.0.1:8080" env:"KIVEILEDER_ADDR"`

	// RateLimit is how many questions and searches one client may send in a
	// minute; a third of them may come at once. 0 is no limit.
	RateLimit int `help:"Questions per client and minute, 0 for no limit." default:"60" env:"KIVEILEDER_RATE_LIMIT"`

	// TrustProxy takes the client's address from the last X-Forwarded-For
	// entry. Set it only behind a proxy that sets the header itself.
	TrustProxy bool `help:"Take client addresses from X-Forwarded-For." env:"KIVEILEDER_TRUST_PROXY"`

	// Origins are other sites whose pages may open a WebSocket.
	// Example: https://www.helsedirektoratet.no.
	Origins []string `help:"Origins of other sites that may open a WebSocket." env:"KIVEILEDER_ORIGINS"`

	// MaxSockets is how many WebSockets and event streams may be open at once,
	// and MaxPerClient how many of one address: a whole hospital may be one.
	MaxSockets   int `help:"Most open connections." default:"20000" env:"KIVEILEDER_MAX_SOCKETS"`
	MaxPerClient int `help:"Most open connections of one address." default:"1000" env:"KIVEILEDER_MAX_PER_CLIENT"`

	// Secret marks the ids of conversations, so that forged ones are refused
	// without a look at the store. All gateways need the same; empty, "serve"
	// makes one in the data folder. At least 32 characters. Secret.
	Secret string `help:"Secret that marks ids of conversations." env:"KIVEILEDER_SECRET" secret:"true"`

	// CacheSize is how many answers are kept for the same question asked
	// again. 0 keeps none.
	CacheSize int `help:"Answers kept for repeated questions, 0 for none (nor the last questions' vectors)." default:"2000" env:"KIVEILEDER_CACHE_SIZE"`

	// LogLevel is debug, info, warn or error. Messages are never logged at any
	// level.
	LogLevel string `help:"Log level: debug, info, warn, error." default:"info" enum:"debug,info,warn,error" env:"KIVEILEDER_LOG_LEVEL"`

	// LogFormat is json for machines or console for people.
	LogFormat string `help:"Log form: json or console." default:"console" enum:"json,console" env:"KIVEILEDER_LOG_FORMAT"`
}

// Base is what every command needs that answers, adds or measures: where the
// data stands and which model embeds.
type Base struct {
	// Data is the folder for what is added while the service runs: documents
	// taken in with "kiveileder ingest". It is made when it is missing,
	// and must be writable.
	Data string `help:"Folder for added documents." default:"data" env:"KIVEILEDER_DATA" type:"path"`

	// EmbedURL is an OpenAI-compatible endpoint that is used instead of the
	// built-in model, and EmbedModel the model there. The corpus must then be
	// built with it (kiveileder corpus build). Empty is the built-in model.
	EmbedURL   string `help:"OpenAI-compatible embedding endpoint instead of the built-in model." env:"KIVEILEDER_EMBED_URL"`
	EmbedModel string `help:"Model name at the endpoint." env:"KIVEILEDER_EMBED_MODEL"`

	// EmbedDim is the length of that model's vectors.
	EmbedDim int `help:"Length of the endpoint's vectors." default:"1024" env:"KIVEILEDER_EMBED_DIM"`

	// EmbedKey is the endpoint's bearer key. Secret.
	EmbedKey string `help:"Bearer key for the endpoint." env:"KIVEILEDER_EMBED_KEY" secret:"true"`

	// Corpus is a folder laid out like corpus/ of the repository, with its
	// snapshot, that is served instead of the built-in one. Empty is built in.
	Corpus string `help:"Folder of another corpus with its snapshot." env:"KIVEILEDER_CORPUS"`
}

// Database is where everything is kept instead of the data folder.
type Database struct {
	// DatabaseURL is a Postgres from 16 on with pgvector from 0.8 on, which keeps
	// conversations and added documents instead of the data folder. Make its
	// tables with "kiveileder migrate". Holds a password: secret.
	// Example: postgres://kiveileder:…@db:5432/kiveileder?sslmode=verify-full.
	DatabaseURL string `help:"Postgres that keeps everything, instead of the data folder." env:"KIVEILEDER_DATABASE_URL" secret:"true"`

	// DatabaseConns is how many connections a process holds at most.
	DatabaseConns int `help:"Most connections to Postgres of one process." default:"16" env:"KIVEILEDER_DATABASE_CONNS"`
}

// Production is what a service in several processes needs besides. All of it
// empty is the service in one process.
type Production struct {
	// RedisURL is a Redis or Valkey from 7 on, which carries news between
	// replicas, counts for the limits and keeps answers near. Without it the
	// roles go on, degraded. Holds a password: secret.
	// Example: rediss://default:…@redis:6379/0.
	RedisURL string `help:"Redis that carries news between replicas." env:"KIVEILEDER_REDIS_URL" secret:"true"`

	// RedisPrefix begins every key, for several services on one Redis.
	RedisPrefix string `help:"Beginning of all keys in Redis." default:"kiveileder:" env:"KIVEILEDER_REDIS_PREFIX"`

	// ServicesURL is where the gateway finds the role services, and RetrieverURL
	// where the services find the retriever. Several with commas are taken in turn.
	// Example: http://services:8080.
	ServicesURL  string `help:"Where the gateway finds the services." env:"KIVEILEDER_SERVICES_URL"`
	RetrieverURL string `help:"Where the services find the retriever." env:"KIVEILEDER_RETRIEVER_URL"`

	// RoleToken is what the roles prove to each other that they know. At least 32
	// characters. Roles need it, or certificates. Secret.
	RoleToken string `help:"Secret that the roles share." env:"KIVEILEDER_ROLE_TOKEN" secret:"true"`

	// TLSCert and TLSKey are files with this role's certificate and key, and
	// TLSCA the file of those who sign the others': services and retriever then
	// serve HTTPS and answer calls with a certificate alone.
	TLSCert string `help:"File with the certificate of this role." env:"KIVEILEDER_TLS_CERT" type:"path"`
	TLSKey  string `help:"File with its key." env:"KIVEILEDER_TLS_KEY" type:"path"`
	TLSCA   string `help:"File with the certificates that sign the roles'." name:"tls-ca" env:"KIVEILEDER_TLS_CA" type:"path"`

	// Index is how the retriever compares vectors in Postgres: exact, or hnsw,
	// which is for corpora from some ten thousand passages on.
	Index string `help:"Comparison of vectors in Postgres: exact or hnsw." default:"exact" enum:"exact,hnsw" env:"KIVEILEDER_INDEX"`

	// DrainDelay is how long a process that was told to stop still takes what is
	// new, with its readiness off, so that balancers can turn away from it.
	DrainDelay time.Duration `help:"Time between readiness off and closing." default:"0s" env:"KIVEILEDER_DRAIN_DELAY"`

	// OTLPURL is an OpenTelemetry collector that traces are sent to, and
	// TraceShare the share of turns that are traced, 0 to 1. Traces hold no text.
	// Example: http://collector:4318.
	OTLPURL    string  `help:"OpenTelemetry collector for traces (OTLP over HTTP)." name:"otlp-url" env:"KIVEILEDER_OTLP_URL"`
	TraceShare float64 `help:"Share of turns that are traced." default:"0.1" env:"KIVEILEDER_TRACE_SHARE"`
}

// Cases is what the queue of ki.veiledning needs besides. All of it empty is
// the service on one machine: people sign in by links that are printed at the
// start, and mails are kept in the data folder.
type Cases struct {
	// Origin is where browsers find the service. Logins and links in mails need
	// it; empty, "serve" takes where it listens, when that is this machine alone.
	// Example: https://ki.example.no.
	Origin string `help:"Where browsers find the service, as https://host." env:"KIVEILEDER_ORIGIN"`

	// Login is a file that names who people sign in at (docs/operations.md), and
	// LoginSecrets a folder with their secrets: <provider>.secret or
	// <provider>.pem.
	Login        string `help:"File with the login providers." env:"KIVEILEDER_LOGIN" type:"path"`
	LoginSecrets string `help:"Folder with the secrets of login providers." env:"KIVEILEDER_LOGIN_SECRETS" type:"path"`

	// CaseKey encrypts how askers are reached, and marks addresses that replies
	// come to. At least 32 characters; several with commas: the first is used, the
	// others open what was made before. Services need it to take contacts; empty,
	// "serve" makes one in the data folder. Secret.
	CaseKey string `help:"Secret that encrypts contacts of askers." env:"KIVEILEDER_CASE_KEY" secret:"true"`

	// SMTPURL is the server that mails are given to: smtps://user:password@host,
	// smtp://host:587 (STARTTLS is asked for), or smtp://host:1025?tls=none for a
	// test. Empty, mails are kept as files and shown as not sent; the role services
	// keeps none, and then takes no contacts. Secret.
	SMTPURL string `help:"Mail server that letters go out through." name:"smtp-url" env:"KIVEILEDER_SMTP_URL" secret:"true"`

	// MailFrom is who letters are from, and MailReply where replies go, with a
	// plus sign and a mark put before the @. Empty, replies are not asked for.
	// Example: ki.veiledning <ki@example.no>; svar@example.no.
	MailFrom  string `help:"Sender of letters." env:"KIVEILEDER_MAIL_FROM"`
	MailReply string `help:"Address that replies to letters go to." env:"KIVEILEDER_MAIL_REPLY"`

	// MailHook is what a mail server signs mails with that it hands over, at least
	// 32 characters; of several with commas any is taken. IMAPURL is a mailbox that
	// is read instead, as imaps://user:password@host/INBOX. Secrets.
	MailHook string `help:"Secret of the mail hook." env:"KIVEILEDER_MAIL_HOOK" secret:"true"`
	IMAPURL  string `help:"Mailbox that replies are read from." name:"imap-url" env:"KIVEILEDER_IMAP_URL" secret:"true"`
}
