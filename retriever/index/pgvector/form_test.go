package pgvector

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"kiveileder/retriever/index"
	"kiveileder/retriever/lexical"
)

// What stands in the tables is read by later binaries. When this fails, terms
// or tables have another form: raise tablesForm, and put the new sum here.
func TestForm(t *testing.T) {
	const form, sum = 1, "a185bcc7cf31"
	h := sha256.New()
	for _, s := range []string{
		"Må vi søke REK etter helseforskningsloven § 9 eller §§ 10-2, jf. artikkel 9?",
		"Leverandøren skal CE-merke medisinsk utstyr; ærlig, ånd, naar, hvor længe",
		"Ж 日本語 a\u0301 x1 2.3 🙂 section 11 a",
	} {
		fmt.Fprintf(h, "%q\n", lexical.Terms(s))
	}
	es := []index.Entry{
		{Kind: index.PassageText, Vector: []float32{1, -1, 0.5}, InvLen: 2},
		{Kind: index.Question, Vector: []float32{127 * 0.01, -3 * 0.01, 0}, InvLen: 1},
		{Kind: index.Intent, Ref: 3, Vector: []float32{0, 0, 0}},
	}
	s := &shape{}
	for i, e := range es {
		if err := s.add(e.Kind, e.Ref, i*200); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprintf(h, "%x\n%x\n%v\n", s.directory(), appendBlock(nil, es, []int32{0, 1, 2}), s.block)
	fmt.Fprintf(h, "%x\n", appendPostings(nil, []lexical.Posting{{Doc: 0, Count: 1}, {Doc: 5, Count: 300}, {Doc: 100000, Count: 2}}))
	c := newCloud(es, []int32{0, 1, 2}, 3)
	half := make([]uint16, 4)
	c.store(half, &es[1], nil)
	fmt.Fprintf(h, "%x\n", half)
	if got := fmt.Sprintf("%x", h.Sum(nil)[:6]); got != sum || tablesForm != form {
		t.Errorf("form %d has the sum %s, want %d with %s", tablesForm, got, form, sum)
	}
}

// Damaged bytes are an error, never a panic or a wrong match.
func TestDamaged(t *testing.T) {
	es := []index.Entry{
		{Kind: index.PassageText, Vector: []float32{1, -1, 0.5}, InvLen: 2},
		{Kind: index.Question, Vector: []float32{127 * 0.01, -3 * 0.01, 0}, InvLen: 1},
	}
	whole := appendBlock(nil, es, []int32{0, 1})
	if _, err := readBlock(whole, 3); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := readBlock(whole[:n], 3); err == nil {
			t.Errorf("a block cut to %d of %d bytes is read", n, len(whole))
		}
	}
	if _, err := readPostings(nil, appendPostings(nil, []lexical.Posting{{Doc: 9, Count: 1}}), 9); err == nil {
		t.Error("a posting beyond the last document is read")
	}
	for _, b := range []string{"\x80", "\x03", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"} {
		if _, err := readPostings(nil, []byte(b), 9); err == nil {
			t.Errorf("postings %q are read", b)
		}
	}
	for _, b := range []string{"\x07\x00\x00", "\x00\x01\x00", "\x00", strings.Repeat("\xff", 12)} {
		if _, err := readShape([]byte(b)); err == nil {
			t.Errorf("directory %q is read", b)
		}
	}
}

// Vectors that were bytes before become bytes again; others keep every bit.
func TestVectorForm(t *testing.T) {
	bytes := 0
	for i := range 2000 {
		scale := 0.001 + float32(i)*0.00137
		v := make([]float32, 40)
		for k := range v {
			v[k] = float32(int8(i*k*7%255-127)) * scale
		}
		v[0] = 127 * scale
		b := appendBlock(nil, []index.Entry{{Vector: v, InvLen: scale}}, []int32{0})
		if len(b) < 60 {
			bytes++
		}
		got, err := readBlock(b, 40)
		if err != nil {
			t.Fatal(err)
		}
		for k, x := range got.vector(0, 40) {
			if x != v[k] {
				t.Fatalf("scale %v: %v becomes %v", scale, v[k], x)
			}
		}
	}
	if bytes != 2000 {
		t.Errorf("%d of 2000 vectors are kept as bytes", bytes)
	}
}
