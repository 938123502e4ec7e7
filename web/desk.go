package web

import "io"

// DeskData is what the desk needs to know of whoever is logged in.
type DeskData struct {
	Person string // ID
	Name   string
	Agency string // key
	Roles  []string
	May    []string // permissions: what the page has for them
	Demo   bool     // a demo user of a service that is tried out
}

// Desk writes the page of the desk, for all addresses below /desk: which case
// is meant, the browser reads from the address.
func Desk(w io.Writer, d DeskData) error {
	return render(w, "desk.html", page{Title: text("desk_title"), TitleKey: "desk_title", Script: "desk.js", Data: d})
}
