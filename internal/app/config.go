// Package app wires the parts of KI-veileder together, by hand and in one
// place, and runs them.
package app

import (
	"fmt"
	"os"
	"path/filepath"
)

// Config is everything that can be set. Each field is a flag and an
// environment variable KIVEILEDER_…; the zero value of a new field never breaks
// an older installation.
type Config struct {
	Base

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
	// without a look at the store. All replicas need the same. Empty makes one
	// in the data folder. At least 32 characters. Secret.
	Secret string `help:"Secret that marks ids of conversations." env:"KIVEILEDER_SECRET" secret:"true"`

	// CacheSize is how many answers are kept for the same question asked
	// again. 0 keeps none.
	CacheSize int `help:"Answers kept for repeated questions, 0 for none." default:"2000" env:"KIVEILEDER_CACHE_SIZE"`

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

// checkData makes sure that the data folder can be read and written.
func (c Base) checkData() error {
	if err := os.MkdirAll(filepath.Join(c.Data, "sources"), 0o755); err != nil {
		return fmt.Errorf("data folder %s: %w", c.Data, err)
	}
	f, err := os.CreateTemp(c.Data, ".write-*")
	if err != nil {
		return fmt.Errorf("data folder %s cannot be written: %w", c.Data, err)
	}
	name := f.Name()
	if err := f.Close(); err != nil {
		return fmt.Errorf("data folder %s: %w", c.Data, err)
	}
	return os.Remove(name)
}
