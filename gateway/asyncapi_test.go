package gateway_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kiveileder"
	"kiveileder/gateway"
	"kiveileder/gateway/wire"
)

// The frames, by their types.
var (
	fromClient = map[string]reflect.Type{
		wire.TypeOpen: reflect.TypeFor[wire.Open](), wire.TypeAsk: reflect.TypeFor[wire.Ask](),
		wire.TypeLeave: reflect.TypeFor[wire.Leave](), wire.TypePing: reflect.TypeFor[wire.Ping](),
		wire.TypeHandOver: reflect.TypeFor[wire.HandOver](), wire.TypeCaseCommand: reflect.TypeFor[wire.CaseCommand](),
	}
	fromService = map[string]reflect.Type{
		wire.TypeHello: reflect.TypeFor[wire.Hello](), wire.TypeOpened: reflect.TypeFor[wire.Opened](),
		wire.TypeMessage: reflect.TypeFor[wire.Message](), wire.TypeAnswer: reflect.TypeFor[wire.Answer](),
		wire.TypeProgress: reflect.TypeFor[wire.Progress](), wire.TypeError: reflect.TypeFor[wire.Error](),
		wire.TypePong: reflect.TypeFor[wire.Pong](), wire.TypeGone: reflect.TypeFor[wire.Gone](), wire.TypeCase: reflect.TypeFor[wire.Case](),
	}
	fromDesk = map[string]reflect.Type{
		wire.DeskPresence: reflect.TypeFor[wire.DeskRequest](), wire.TypePing: reflect.TypeFor[wire.DeskRequest](),
	}
	toDesk = map[string]reflect.Type{
		wire.TypeHello: reflect.TypeFor[wire.DeskHello](), wire.TypeCase: reflect.TypeFor[wire.DeskCase](),
		wire.DeskPresence: reflect.TypeFor[wire.DeskPeople](), wire.TypePong: reflect.TypeFor[wire.DeskPong](),
	}
)

// A reference is a $ref.
type reference struct {
	Ref string `json:"$ref"`
}

// An asyncDescription is what the tests look at in asyncapi.json.
type asyncDescription struct {
	AsyncAPI string
	Channels map[string]struct {
		Address    string
		Messages   map[string]reference
		CloseCodes map[string]struct {
			Name      string
			Reconnect bool
		} `json:"x-close-codes"`
	}
	Operations map[string]struct {
		Action   string
		Channel  reference
		Messages []reference
	}
	Components struct {
		Messages map[string]struct{ Payload reference }
		Schemas  map[string]schema
	}
}

func describeFrames(t *testing.T) asyncDescription {
	t.Helper()
	g, _ := open(t, gateway.Config{}, nil)
	return parse[asyncDescription](t, do(g, call{path: "/asyncapi.json"}).Body)
}

// The tests above know every type of frame that package wire has.
func TestFrameTypes(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "wire/wire.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 && strings.HasPrefix(v.Names[0].Name, "Type") {
			s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			there = append(there, s)
		}
		return true
	})
	slices.Sort(there)
	known := slices.Sorted(slices.Values(append(keys(fromClient), keys(fromService)...)))
	if diff := cmp.Diff(there, known); diff != "" {
		t.Errorf("(-package wire +known):\n%s", diff)
	}
}

// Every frame is described: each field, its type, whether it is always there.
func TestAsyncAPIFrames(t *testing.T) {
	d := describeFrames(t)
	if d.AsyncAPI != "3.0.0" || d.Channels["chat"].Address != "/v1/chat" {
		t.Errorf("AsyncAPI %s, address %s", d.AsyncAPI, d.Channels["chat"].Address)
	}
	if d.Channels["desk"].Address != "/v1/desk/live" {
		t.Errorf("address of the desk %s", d.Channels["desk"].Address)
	}
	c := comparison{t: t, schemas: d.Components.Schemas, strict: true, other: reflect.TypeFor[kiveileder.Answer]().PkgPath(), seen: map[string]bool{}}
	for name, o := range map[string]struct {
		channel, prefix, action string
		frames                  map[string]reflect.Type
	}{
		"fromClient": {"chat", "", "receive", fromClient}, "fromService": {"chat", "", "send", fromService},
		"fromDesk": {"desk", "desk_", "receive", fromDesk}, "toDesk": {"desk", "desk_", "send", toDesk},
	} {
		var described []string
		for _, m := range d.Operations[name].Messages {
			described = append(described, strings.TrimPrefix(m.Ref, "#/channels/"+o.channel+"/messages/"))
		}
		mine := []string{}
		for kind := range o.frames {
			mine = append(mine, direction(name, kind))
		}
		slices.Sort(mine)
		if slices.Sort(described); !slices.Equal(described, mine) {
			t.Errorf("%s: messages %v, want %v", name, described, mine)
		}
		if d.Operations[name].Action != o.action {
			t.Errorf("%s: action %s: the description is the service's", name, d.Operations[name].Action)
		}
		for kind, typ := range o.frames {
			message := direction(name, kind)
			if got := d.Channels[o.channel].Messages[message].Ref; got != "#/components/messages/"+o.prefix+message {
				t.Errorf("%s: message %q", kind, got)
			}
			if got := d.Components.Messages[o.prefix+message].Payload.Ref; got != "#/components/schemas/"+typ.Name() {
				t.Errorf("%s: payload %q, want %s", kind, got, typ.Name())
			}
			if p := c.schemas[typ.Name()].Properties["type"]; p.Const != kind && !slices.Contains(p.Enum, any(kind)) {
				t.Errorf("%s: type %v %v", kind, p.Const, p.Enum)
			}
			c.compare(typ)
		}
	}
	c.unused()
	if got := c.schemas["Case"].Properties["case"].Ref; got != "openapi.json#/components/schemas/AskerCase" {
		t.Errorf("a case is %q", got)
	}
}

// direction names a message of a channel: presence goes both ways.
func direction(operation, kind string) string {
	if operation == "toDesk" && kind == wire.DeskPresence {
		return "people"
	}
	return kind
}

func TestAsyncAPICloseCodes(t *testing.T) {
	type meaning struct {
		Name      string
		Reconnect bool
	}
	want, got := map[string]meaning{}, map[string]meaning{}
	for code, name := range wire.Codes {
		want[strconv.Itoa(int(code))] = meaning{name, code.Reconnect()}
	}
	for _, channel := range describeFrames(t).Channels {
		for code, m := range channel.CloseCodes {
			got[code] = m
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-package wire +described):\n%s", diff)
	}
}

// docs/protocol.md names every frame, its fields, and every code.
func TestProtocolPage(t *testing.T) {
	b, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	rows := map[string]string{} // by the first cell
	for line := range strings.SplitSeq(page, "\n") {
		if cells := strings.SplitN(line, "|", 3); len(cells) == 3 && cells[0] == "" {
			for name := range strings.SplitSeq(cells[1], ",") {
				if name = strings.Trim(name, " `"); rows[name] == "" { // the conversations' come first
					rows[name] = cells[2]
				}
			}
		}
	}
	named := func(text, word string) bool {
		return regexp.MustCompile("`" + regexp.QuoteMeta(word) + "`").MatchString(text)
	}
	desk := page[strings.Index(page, "## The live desk"):]
	for kind, typ := range toDesk {
		for name := range jsonFields(typ) {
			if !named(desk, kind) || !named(desk, name) && name != "type" {
				t.Errorf("the desk's frame %s, or its %s, is not named", kind, name)
			}
		}
	}
	for _, frames := range []map[string]reflect.Type{fromClient, fromService} {
		for kind, typ := range frames {
			row, ok := rows[kind]
			if !ok {
				t.Errorf("frame %s has no row", kind)
			}
			for name := range jsonFields(typ) {
				if name != "type" && !named(row, name) {
					t.Errorf("the row of %s does not name %s", kind, name)
				}
			}
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[wire.Limits](), reflect.TypeFor[wire.Position]()} {
		for name := range jsonFields(typ) {
			if !named(page, name) {
				t.Errorf("%s: %s is not named", typ.Name(), name)
			}
		}
	}
	for code, name := range wire.Codes {
		row, ok := rows[strconv.Itoa(int(code))]
		if !ok || code >= 4000 && !named(row, name) {
			t.Errorf("code %d (%s): row %q", code, name, row)
		}
		if stop := strings.Contains(row, "| stop"); stop == code.Reconnect() {
			t.Errorf("code %d: the page says stop %v, the code reconnect %v", code, stop, code.Reconnect())
		}
	}
	for _, limit := range []string{"kiveileder.v1", "`masking`", "`searching`", "`rules`", "64 KB", "Thirty days"} {
		if !strings.Contains(page, limit) {
			t.Errorf("the page does not say %s", limit)
		}
	}
}
