// Command kiveileder is the whole product: "kiveileder serve" answers
// questions, the other subcommands ask, add documents, check and measure.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"kiveileder/internal/app"
)

type cli struct {
	Serve   serveCmd   `cmd:"" help:"Answer questions on the web, all in one process."`
	Ask     askCmd     `cmd:"" help:"Ask in the terminal; without a question, a conversation."`
	Ingest  ingestCmd  `cmd:"" help:"Take in a document (Markdown, HTML, text, PDF, DOCX)."`
	Corpus  corpusCmd  `cmd:"" help:"Check and build the corpus."`
	Rules   rulesCmd   `cmd:"" help:"Check, test, explain and compare the rules."`
	Eval    evalCmd    `cmd:"" help:"Measure on sets of questions."`
	Case    caseCmd    `cmd:"" help:"List, show, export, reassign and forget cases of ki.veiledning."`
	Config  configCmd  `cmd:"" help:"Print the configuration in force, secrets masked."`
	Version versionCmd `cmd:"" help:"Print versions."`

	Gateway     gatewayCmd     `cmd:"" group:"production" help:"The edge: pages, WebSockets, HTTP."`
	Services    servicesCmd    `cmd:"" group:"production" help:"Conversations, dialogue and rules, for gateways."`
	Retriever   retrieverCmd   `cmd:"" group:"production" help:"Search, for services."`
	Migrate     migrateCmd     `cmd:"" group:"production" help:"Bring the tables of the store up to date."`
	Healthcheck healthcheckCmd `cmd:"" group:"production" help:"Ask a running process whether it is ready."`
}

// A run is what a command gets to work with.
type run struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, errSilent) {
			fmt.Fprintln(os.Stderr, "kiveileder:", strings.ReplaceAll(err.Error(), "\n\t", " ")) // of several addresses that were tried
		}
		stop()
		os.Exit(1)
	}
}

// errSilent ends with an exit code of 1 when all is said already.
var errSilent = errors.New("")

// Main runs the command line. It is main without the process, for tests.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	var c cli
	exited := errors.New("exit")
	p, err := kong.New(&c,
		kong.Name("kiveileder"),
		kong.Description("Which rules hold for artificial intelligence in Norwegian health care, in the sources' own words."),
		kong.UsageOnError(),
		kong.ExplicitGroups([]kong.Group{{Key: "production", Title: "In production (docs/operations.md):"}}),
		kong.NamedMapper("path", kong.MapperFunc(path)),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { panic(exited) }),
		kong.Vars{"build": app.Build()},
	)
	if err != nil {
		return err
	}
	defer func() { // --help ends here
		if r := recover(); r != nil && r != any(exited) {
			panic(r)
		}
	}()
	if err := secretsFromFiles(); err != nil {
		return err
	}
	k, err := p.Parse(args)
	if err != nil {
		return err
	}
	return k.Run(&run{ctx, stdin, stdout, stderr})
}

// path reads a path, which is made absolute. An empty one is none, not the
// folder that one stands in: variables are left empty for that.
func path(ctx *kong.DecodeContext, target reflect.Value) error {
	var p string
	if err := ctx.Scan.PopValueInto("file", &p); err != nil {
		return err
	}
	switch {
	case p != "" && p != "-":
		p = kong.ExpandPath(p)
	case p == "" && ctx.Value.HasDefault:
		return nil
	}
	target.SetString(p)
	return nil
}
