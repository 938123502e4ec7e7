// Desk-page writes the desk's page as JSON, with the policy that it is served
// with, for checks that play the service to it.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"

	"kiveileder/web"
)

func main() {
	var page strings.Builder
	if err := web.Desk(&page, web.DeskData{Person: "PERSON", Name: "NAME", Agency: "AGENCY", Roles: []string{"ROLE"}, May: []string{"MAY"}, Demo: true}); err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"html": page.String(), "csp": web.CSP}); err != nil {
		log.Fatal(err)
	}
}
