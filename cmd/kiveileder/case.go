package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"kiveileder"
	"kiveileder/internal/app"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// caseCmd is for those who run the service. What it does stands in the case's
// log like what anybody does.
type caseCmd struct {
	List     caseListCmd     `cmd:"" help:"List cases, the newest change first."`
	Show     caseShowCmd     `cmd:"" help:"Show a case with its log."`
	Export   caseExportCmd   `cmd:"" help:"Write a case to a file, as for the archive."`
	Reassign caseReassignCmd `cmd:"" help:"Put other agencies on a case."`
	Forget   caseForgetCmd   `cmd:"" help:"Delete what is known of the person who asked."`
	Mails    caseMailsCmd    `cmd:"" help:"List mails that were given up, send one again or dismiss it."`
}

// office is what every one of these commands needs.
type office struct {
	app.Base
	app.Database
	RedisURL    string `help:"Redis that carries news to the service." env:"KIVEILEDER_REDIS_URL" secret:"true"`
	RedisPrefix string `help:"Beginning of all keys in Redis." default:"kiveileder:" env:"KIVEILEDER_REDIS_PREFIX"`
	CaseKey     string `help:"Secret that encrypts contacts of askers." env:"KIVEILEDER_CASE_KEY" secret:"true"`
}

// by is who these commands are in the log.
var by = guidance.Actor{ID: "operator", Name: "Drift", Role: guidance.Admin}

// with opens the cases for do.
func (o office) with(r *run, do func(f *app.Office) error) error {
	cfg := app.Config{Base: o.Base, Database: o.Database}
	cfg.RedisURL, cfg.RedisPrefix, cfg.CaseKey, cfg.Index = o.RedisURL, o.RedisPrefix, o.CaseKey, "exact"
	f, err := app.OpenOffice(r.ctx, cfg, app.Silent())
	if err != nil {
		return err
	}
	return errors.Join(do(f), f.Close())
}

// find gives the case of a number.
func find(r *run, f *app.Office, number string) (guidance.Snapshot, error) {
	rows, err := f.Cases.Store.List(r.ctx, guidance.Filter{Number: number, Limit: 1})
	switch {
	case err != nil:
		return guidance.Snapshot{}, err
	case number == "" || len(rows) == 0:
		return guidance.Snapshot{}, fmt.Errorf("there is no case %q; numbers look like KI-2026-0042", number)
	}
	return f.Cases.Load(r.ctx, rows[0].ID)
}

type caseListCmd struct {
	office
	State  []string `help:"Only in these states: received, assessment, drafting, waiting, signoff, answered, published, referred, withdrawn, closed, reopened."`
	Agency string   `help:"Only those of an agency, by its key."`
	Text   string   `help:"Only those with these words in number, title or topics."`
	Late   bool     `help:"Only those that are overdue."`
	Email  string   `help:"Only those whose asker left this address. Opens every contact; needs the key."`
	Limit  int      `help:"At most so many." default:"100"`
}

// Run prints one line for each case.
func (c *caseListCmd) Run(r *run) error {
	return c.with(r, func(f *app.Office) error {
		w := guidance.Filter{Agency: c.Agency, Text: strings.ToLower(c.Text), Limit: c.Limit}
		for _, s := range c.State {
			w.States = append(w.States, guidance.State(s))
		}
		if c.Late {
			w.Due = time.Now()
		}
		var who queue.Found
		theirs := func(guidance.Row) bool { return true }
		if c.Email != "" {
			if f.Cases.Seal == nil {
				return errors.New("--email opens contacts, which needs KIVEILEDER_CASE_KEY")
			}
			var err error
			if who, err = f.Find(r.ctx, by, c.Email); err != nil {
				return err
			}
			theirs = func(row guidance.Row) bool {
				return slices.ContainsFunc(who.Cases, func(x queue.DeskRow) bool { return x.ID == row.ID })
			}
			w.Limit = math.MaxInt32
		}
		rows, err := f.Cases.Store.List(r.ctx, w)
		if err != nil {
			return err
		}
		t := tabwriter.NewWriter(r.stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "NUMBER\tSTATE\tCHANGED\tDUE\tAGENCIES\tTITLE")
		for _, row := range rows {
			if !theirs(row) {
				continue
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", row.Number, row.State, row.Changed.Format(time.DateOnly), day(row.Due), strings.Join(row.Agencies, ","), row.Title)
		}
		if err := t.Flush(); err != nil || len(who.Sealed) == 0 {
			return err
		}
		for _, number := range who.Sealed {
			fmt.Fprintf(r.stderr, "%s: the contact does not open: another key, another case, or damaged\n", number)
		}
		return fmt.Errorf("contacts that did not open: %d; whose they are, KIVEILEDER_CASE_KEY with their key would tell", len(who.Sealed))
	})
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}

type caseShowCmd struct {
	office
	Number string `arg:"" help:"As KI-2026-0042."`
}

// Run prints how a case stands, and its log without the texts.
func (c *caseShowCmd) Run(r *run) error {
	return c.with(r, func(f *app.Office) error {
		snap, err := find(r, f, c.Number)
		if err != nil {
			return err
		}
		d, err := f.Case(r.ctx, by, snap.ID, false)
		if err != nil {
			return err
		}
		fmt.Fprintf(r.stdout, "%s  %s\n%s\n", d.Number, d.State, d.Title)
		fmt.Fprintf(r.stdout, "agencies  %s\nopened    %s\ndue       %s\n", strings.Join(d.Agencies, ", "), d.Opened.Format(time.RFC3339), day(d.Due))
		if d.Held {
			fmt.Fprintf(r.stdout, "held by   %s (%s) until %s\n", d.Lease.Holder.Name, d.Lease.Holder.Agency, d.Lease.Until.Format(time.RFC3339))
		}
		if d.Address != "" {
			fmt.Fprintf(r.stdout, "published %s\n", d.Address)
		}
		for _, m := range d.Mails {
			fmt.Fprintf(r.stdout, "mail      %s: %s %s\n", m.Kind, m.Status, m.Reason)
		}
		fmt.Fprintln(r.stdout)
		t := tabwriter.NewWriter(r.stdout, 0, 4, 2, ' ', 0)
		for _, e := range snap.Log {
			fmt.Fprintf(t, "%d\t%s\t%s\t%s %s\n", e.Seq, e.At.Format(time.RFC3339), e.Kind, who(e.Actor), e.Actor.Agency)
		}
		return t.Flush()
	})
}

func who(a guidance.Actor) string {
	if a.Name != "" {
		return a.Name
	}
	return string(a.Role)
}

type caseExportCmd struct {
	office
	Number string `arg:"" help:"As KI-2026-0042."`
	Format string `help:"pdf, html, json or noark." enum:"pdf,html,json,noark" default:"noark"`
	Out    string `help:"File to write; without it, the name that the case gives. - is the standard output." type:"path"`
}

// Run writes the file.
func (c *caseExportCmd) Run(r *run) error {
	return c.with(r, func(f *app.Office) error {
		snap, err := find(r, f, c.Number)
		if err != nil {
			return err
		}
		file, err := f.Export(r.ctx, by, snap.ID, c.Format, kiveileder.Bokmal)
		if err != nil {
			return err
		}
		if strings.HasSuffix(c.Out, string(os.PathSeparator)+"-") || c.Out == "-" {
			_, err = r.stdout.Write(file.Content)
			return err
		}
		name := c.Out
		if name == "" {
			name = file.Name
		}
		out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = out.Write(file.Content)
		if err = errors.Join(err, out.Close()); err == nil {
			fmt.Fprintln(r.stdout, name)
		}
		return err
	})
}

type caseReassignCmd struct {
	office
	Number   string   `arg:"" help:"As KI-2026-0042."`
	Agencies []string `help:"Keys of the agencies that are to be on it." required:""`
	Reason   string   `help:"Why; it stands in the log." required:""`
}

// Run changes who is on the case.
func (c *caseReassignCmd) Run(r *run) error {
	return c.with(r, func(f *app.Office) error {
		snap, err := find(r, f, c.Number)
		if err != nil {
			return err
		}
		out, err := f.Reassign(r.ctx, by, snap.ID, c.Agencies, c.Reason)
		if err != nil {
			return err
		}
		if err := refused(out.Refused); err != nil {
			return err
		}
		fmt.Fprintf(r.stdout, "%s: %s\n", snap.Number, strings.Join(out.Case.Agencies, ", "))
		return nil
	})
}

func refused(r *queue.Refusal) error {
	if r == nil {
		return nil
	}
	return fmt.Errorf("refused (%s): %s", r.Guard, r.Text.Get(kiveileder.English))
}

type caseForgetCmd struct {
	office
	Number   string `arg:"" help:"As KI-2026-0042."`
	Reason   string `help:"Why; it stands in the log, so it must name nobody." required:""`
	Withdraw bool   `help:"Withdraw a case that is not at an end, on the asker's word."`
}

// Run deletes the contact at once, and all texts of a case that is at an end.
func (c *caseForgetCmd) Run(r *run) error {
	return c.with(r, func(f *app.Office) error {
		snap, err := find(r, f, c.Number)
		if err != nil {
			return err
		}
		if err := f.Forget(r.ctx, snap.ID); err != nil {
			return err
		}
		fmt.Fprintf(r.stdout, "%s: the contact is deleted, with the letters to it that were kept\n", snap.Number)
		open := snap.Case.State != guidance.None
		for _, s := range guidance.TheFlow.Ends {
			open = open && s != snap.Case.State
		}
		if open && c.Withdraw {
			_, _, err := f.Cases.Do(r.ctx, snap.ID, guidance.Command{
				Actor: guidance.Actor{ID: snap.Case.Asker, Role: guidance.Asker}, Kind: guidance.Withdrawn, Seen: snap.Case.Seq,
			})
			if err != nil {
				return err
			}
		} else if open {
			return fmt.Errorf("the case is not at an end (%s): its texts stay until it is answered, referred, withdrawn or closed; --withdraw withdraws it", snap.Case.State)
		}
		if err := f.Anonymise(r.ctx, by, snap.ID, c.Reason); err != nil {
			return err
		}
		fmt.Fprintf(r.stdout, "%s: all texts are deleted; what happened when stays\n", snap.Number)
		return nil
	})
}

type caseMailsCmd struct {
	office
	Again  string `help:"Send the mail with this id again." xor:"what"`
	Drop   string `help:"Dismiss the mail with this id: nobody gets it. Needs --reason." xor:"what"`
	Reason string `help:"Why it is dismissed; it stands in the case's log, so it must name nobody."`
}

// Run lists what was given up.
func (c *caseMailsCmd) Run(r *run) error {
	return c.with(r, func(f *app.Office) error {
		switch {
		case c.Again != "":
			return f.Again(r.ctx, c.Again)
		case c.Drop != "":
			return c.drop(r, f)
		}
		mails, err := f.DeadMails(r.ctx)
		if err != nil {
			return err
		}
		numbers := map[string]string{}
		for _, m := range mails {
			if numbers[m.Case] != "" {
				continue
			}
			l, err := f.Cases.Store.Load(r.ctx, m.Case)
			if err != nil {
				return fmt.Errorf("case %s: %w", m.Case, err)
			}
			numbers[m.Case] = l.Number
		}
		return printMails(r.stdout, mails, numbers)
	})
}

func (c *caseMailsCmd) drop(r *run, f *app.Office) error {
	mails, err := f.Cases.Store.DeadMails(r.ctx, math.MaxInt32)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(mails, func(m guidance.Mail) bool { return m.ID == c.Drop })
	if i < 0 {
		return fmt.Errorf("no mail %q was given up", c.Drop)
	}
	out, err := f.Do(r.ctx, mails[i].Case, guidance.Command{Actor: by, Kind: guidance.Dismissed, Data: guidance.DismissedData{Mail: c.Drop, Reason: c.Reason}})
	if err != nil {
		return err
	}
	return refused(out.Refused)
}

// printMails prints mails with the numbers of their cases, by their ids.
func printMails(w io.Writer, mails []guidance.Mail, numbers map[string]string) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tNUMBER\tCASE\tKIND\tQUEUED\tATTEMPTS\tREASON")
	for _, m := range mails {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", m.ID, numbers[m.Case], m.Case, m.Kind, m.At.Format(time.RFC3339), m.Attempt, m.Reason)
	}
	return t.Flush()
}
