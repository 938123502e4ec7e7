package app

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"kiveileder"
	"kiveileder/corpus"
	"kiveileder/retriever/builtin"
	"kiveileder/retriever/embed/e5"
)

// Logger gives the logger that the configuration asks for, writing to w.
func Logger(c Config, w io.Writer) *zap.Logger {
	level, err := zapcore.ParseLevel(c.LogLevel)
	if err != nil {
		level = zapcore.InfoLevel
	}
	ec := zap.NewProductionEncoderConfig()
	ec.EncodeTime = zapcore.ISO8601TimeEncoder
	enc := zapcore.NewJSONEncoder(ec)
	if c.LogFormat != "json" {
		enc = zapcore.NewConsoleEncoder(ec)
	}
	return zap.New(zapcore.NewCore(enc, zapcore.Lock(zapcore.AddSync(w)), level))
}

// Silent gives a logger that writes nothing.
func Silent() *zap.Logger { return zap.NewNop() }

// Versions gives the versions of the built-in corpus and model.
func Versions() (kiveileder.Versions, error) {
	s, err := builtin.Snapshot()
	if err != nil {
		return kiveileder.Versions{}, err
	}
	m, err := e5.Default()
	if err != nil {
		return kiveileder.Versions{}, err
	}
	r, err := loadRules(corpus.Files)
	if err != nil {
		return kiveileder.Versions{}, err
	}
	return kiveileder.Versions{Corpus: s.Version, Rules: r.Hash(), Model: m.ID(), Build: Build()}, nil
}
