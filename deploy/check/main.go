// Command check holds what is deployed against what exists: metrics, runbooks,
// environment variables, and the habits that every container keeps. It prints
// each problem and fails when there are any. scripts/deploy-check runs it.
//
//	go run ./deploy/check -compose resolved.json -variables config.txt rendered.yaml…
//	go run ./deploy/check -queries
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	compose := flag.String("compose", "", "docker-compose.yml, resolved, as JSON")
	variables := flag.String("variables", "", "output of `kiveileder config`")
	queries := flag.Bool("queries", false, "print the dashboard's queries as rules, for promtool")
	flag.Parse()

	if *queries {
		if err := printQueries(os.Stdout, os.DirFS(".")); err != nil {
			fmt.Fprintln(os.Stderr, "check:", err)
			os.Exit(2)
		}
		return
	}
	problems, err := check(os.DirFS("."), *compose, *variables, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}
