package courier

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"kiveileder"
	"kiveileder/services/guidance/mail"
)

// text gives what a mail says to the case: its new words, and what was left
// out. "" when that is nothing.
func (in *Inbound) text(a *mail.Arrived, l kiveileder.Language) string {
	text := strings.TrimSpace(storable(a.New))
	cut := a.Mail.Cut
	if r := []rune(text); len(r) > maxReply {
		text, cut = strings.TrimSpace(string(r[:maxReply])), true
	}
	parts := []string{text}
	if text == "" {
		parts = nil
	}
	if cut {
		parts = append(parts, in.data.Cut[l])
	}
	if note := in.files(a.Mail.Attachments, l); note != "" {
		parts = append(parts, note)
	}
	return strings.Join(parts, "\n\n")
}

// files names what was attached: files are not kept.
func (in *Inbound) files(files []mail.Attachment, l kiveileder.Language) string {
	if len(files) == 0 {
		return ""
	}
	var names []string
	for _, f := range files[:min(len(files), maxNames)] {
		name := strings.Join(strings.Fields(storable(f.Name)), " ")
		if name == "" {
			name = in.data.Nameless[l]
		}
		names = append(names, name+" ("+size(f.Size, l)+")")
	}
	if n := len(files) - maxNames; n > 0 {
		names = append(names, strings.ReplaceAll(in.data.More[l], "{n}", strconv.Itoa(n)))
	}
	words := in.data.Files
	if len(files) == 1 {
		words = in.data.OneFile
	}
	return strings.NewReplacer("{n}", strconv.Itoa(len(files)), "{files}", strings.Join(names, ", ")).Replace(words[l])
}

// size writes a number of bytes as people read it.
func size(n int, l kiveileder.Language) string {
	if n < 1_000_000 {
		return strconv.Itoa(max((n+500)/1000, 1)) + " kB"
	}
	s := fmt.Sprintf("%.1f MB", float64(n)/1e6)
	if l != kiveileder.English {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// linked is what our links hold, as they are and as programs rewrite them.
var linked = regexp.MustCompile(`(?i)((?:#|%23)sak(?:=|%3D))[A-Za-z0-9_.~%-]+`)

// hide takes the conversation's id out of a text: replies quote our letters
// with their links, and whoever has the id may speak for the asker. Programs
// break long links over lines, and quote what they broke.
func hide(text, conversation string) string {
	if conversation != "" {
		var b strings.Builder
		for i, r := range conversation {
			if i > 0 {
				b.WriteString(`[\s>]*`)
			}
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
		if broken, err := regexp.Compile("(?i)" + b.String()); err == nil {
			text = broken.ReplaceAllString(text, "…")
		}
	}
	return linked.ReplaceAllString(text, "$1…")
}

// storable drops what a case does not take in a text: a mail may hold anything,
// and its words should not be lost for it.
func storable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == unicode.ReplacementChar:
			return '?'
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
